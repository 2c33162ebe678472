package org.codanet.nn.cpu.kernel;

/**
 * The implementation of the inner loops that a device uses.
 *
 * @param kernels the implementation
 * @param reason why the Vector API is not used; empty if it is used
 */
public record KernelSelection(Kernels kernels, String reason) {
    private static final String MODULE = "jdk.incubator.vector";

    /** Smallest number of lanes for the Vector API. With shorter vectors it costs more than it gains. */
    private static final int FEWEST_LANES = 8;

    /** Selects the Vector API if it is available and fast; plain loops otherwise, or if {@code plainLoops} asks for them. */
    public static KernelSelection of(boolean plainLoops) {
        if (plainLoops) {
            return plain("they were asked for");
        }
        if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
            return plain("this JVM runs without --add-modules " + MODULE);
        }
        try {
            // No other code refers to VectorKernels, so a JVM without the Vector API's module never links it.
            Kernels vector = new VectorKernels();
            return vector.lanes() < FEWEST_LANES
                    ? plain("this processor's vectors hold " + vector.lanes() + " floats, fewer than " + FEWEST_LANES)
                    : new KernelSelection(vector, "");
        } catch (LinkageError e) {
            return plain(MODULE + " does not fit this class: " + e.getMessage());
        }
    }

    private static KernelSelection plain(String reason) {
        return new KernelSelection(new PlainKernels(), reason);
    }

    /** For example {@code Vector API, 512 bits} or {@code plain loops (they were asked for)}. */
    public String description() {
        return kernels.description() + (reason.isEmpty() ? "" : " (" + reason + ")");
    }
}
