"""Problems: the one way in which this API says that something went wrong."""
