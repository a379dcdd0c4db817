package wharfinger

// Version is that of this package, and of the server that it was released with.
const Version = "0.1.0"
