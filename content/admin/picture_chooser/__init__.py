"""The picture chooser: find, upload, describe and choose a picture of the library while editing."""
