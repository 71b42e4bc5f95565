"""`make bench`: how long the work takes at the size of a nation. Not a test: nothing here is collected by pytest."""
