"""Keys of the HTTP API: what each may do, the file they are kept in, and finding one by what a caller sends."""
