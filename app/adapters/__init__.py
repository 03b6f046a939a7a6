"""The outside world: storage, readers of files, models, behind the ports of `app.core`."""
