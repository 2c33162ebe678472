package org.codanet.gpu.kernel;

/** What a parameter of a kernel can be. */
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

    /** The size of the parameter. */
    int bytes() {
        return bytes;
    }

    /** As a message names it. */
    @Override
    public String toString() {
        return type;
    }
}
