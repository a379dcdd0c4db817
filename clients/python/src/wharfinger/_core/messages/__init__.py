"""Messages of the API: made of what callers give, and read as the client's values.

To read in this order:

- `fields`: messages made of arguments, with a value of the wrong type refused by its field's name.
- `jsonvalues`, `times`, `ids`: the few kinds of value that need more than that.
- `build`: the requests that tasks are asked for with.
- `rules`, `status`: what holds for each reason, and a google.rpc.Status as an error.
- `reading`: values read from messages, field by field of the same name.
- `convert`, `watched`: which value each message is, and the events of a watch.
"""
