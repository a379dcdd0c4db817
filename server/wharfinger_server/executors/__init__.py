"""The built-in executors. Nobody imports them: they are found by their entry points, like anyone's."""
