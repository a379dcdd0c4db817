"""In the place of Keystone: the token `USER:PROJECT:ROLE[,ROLE]` is believed, as a filter of the service's pipeline."""


def factory(_global_config, **_local_config):
    """Return the filter, as Paste asks for it."""

    def wrap(application):
        def answer(environ, start_response):
            token = environ.get("HTTP_X_AUTH_TOKEN", "")
            if token.count(":") != 2:
                start_response("401 Unauthorized", [("Content-Length", "0")])
                return [b""]
            user, project, roles = token.split(":")
            environ.update(
                HTTP_X_USER_ID=user,
                HTTP_X_PROJECT_ID=project,
                HTTP_X_ROLES=roles,
                HTTP_X_IDENTITY_STATUS="Confirmed",
            )
            return application(environ, start_response)

        return answer

    return wrap
