package org.codanet.nn.cpu.kernel;

/**
 * Which inner loops a device runs and why.
 *
 * @param reason why not the Vector API; empty if it is used
 */
public record KernelChoice(Kernels kernels, String reason) {
    private static final String MODULE = "jdk.incubator.vector";

    /** Below this many floats a vector gains less than its API costs. */
    private static final int FEWEST_LANES = 8;

    /** Takes the Vector API if it is there and worth it. {@code plainLoops} keeps off it. */
    public static KernelChoice of(boolean plainLoops) {
        if (plainLoops) {
            return plain("they were asked for");
        }
        if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
            return plain("this JVM runs without --add-modules " + MODULE);
        }
        try {
            // Only here is the class named outside itself, so that a JVM without the module never links it.
            Kernels vector = new VectorKernels();
            return vector.lanes() < FEWEST_LANES
                    ? plain("this processor's vectors hold " + vector.lanes() + " floats, fewer than " + FEWEST_LANES)
                    : new KernelChoice(vector, "");
        } catch (LinkageError e) {
            return plain(MODULE + " does not fit this class: " + e.getMessage());
        }
    }

    private static KernelChoice plain(String reason) {
        return new KernelChoice(new PlainKernels(), reason);
    }

    /** For example {@code Vector API, 512 bits} or {@code plain loops (they were asked for)}. */
    public String description() {
        return kernels.description() + (reason.isEmpty() ? "" : " (" + reason + ")");
    }
}
