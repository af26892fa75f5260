//! Signatures of requests: pure functions of request, key and time.
