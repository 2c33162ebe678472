/** Native libraries: where they are, and the functions of them that codanet calls. */
module org.codanet.bindings {}
