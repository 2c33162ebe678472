package org.codanet.gpu.kernel;

/** The type of a kernel parameter. */
enum Argument {
    POINTER("pointer", Long.BYTES),
    INT64("long long", Long.BYTES),
    INT32("int", Integer.BYTES),
    FLOAT32("float", Float.BYTES),
    FLOAT64("double", Double.BYTES);

    private final String type;
    private final int bytes;

    Argument(String type, int bytes) {
        this.type = type;
        this.bytes = bytes;
    }

    /** Size of the parameter in bytes. */
    int bytes() {
        return bytes;
    }

    /** The name of the type for messages. */
    @Override
    public String toString() {
        return type;
    }
}
