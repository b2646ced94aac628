//! Raw FFI to the installed libdpdk.
