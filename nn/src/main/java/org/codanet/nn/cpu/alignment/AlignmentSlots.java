package org.codanet.nn.cpu.alignment;

import org.codanet.nn.cpu.runtime.CpuContext;

/**
 * Numbers of the arrays that a dynamic alignment layer takes from its {@link CpuContext}, all of them in one place: two that are
 * in use at the same time must differ.
 */
final class AlignmentSlots {
    private AlignmentSlots() {}

    /** Arrays of one worker. */
    static final class Scratch {
        /** Those of {@link PackedWeights}: while it packs no task runs, so that they may be any. */
        static final int TAPS = 0;

        static final int VALUES = 1;
        static final int PAIR_SUMS = 0;

        /** Those of {@link AlignmentTasks} and {@link SquaredNorms}. */
        static final int ROWS = 1;

        static final int TILES = 2;
        static final int FACTORS = 3;
        static final int SCORES = 4;
        static final int NORMS = 5;
        static final int PAIRS = 6;
        static final int PRODUCTS = 8;
        static final int SPREAD = 9;
        static final int IMAGE = 10;
        static final int OPERANDS = 14;

        /** Those of {@link Gradient} and {@link WeightGradients}. */
        static final int SCALED_GRADIENTS = 7;

        static final int RAW_GRADIENTS = 11;
        static final int SUMS = 12;
        static final int PIECE = 13;

        /** Those of {@link WeightStreaming}, which no gradient uses. */
        static final int CLASS_WEIGHTS = 11;

        static final int CLASS_GRADIENTS = 12;

        private Scratch() {}
    }

    /** Arrays that the workers of a pass share. */
    static final class Shared {
        static final int PADDED = 0;
        static final int BACK_PRODUCTS = 1;
        static final int ROWS = 2;
        static final int FACTORS = 3;
        static final int GRADIENTS = 4;
        static final int CURVATURES = 5;
        static final int FACTOR_GRADIENTS = 6;
        static final int OTHER_ROWS = 7;
        static final int OTHER_PADDED = 8;
        static final int PATCH_GRADIENTS = 9;
        static final int MOMENTS = 10;
        static final int FOUND = 11;

        private Shared() {}
    }
}
