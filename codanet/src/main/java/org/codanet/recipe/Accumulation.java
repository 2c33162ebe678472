package org.codanet.recipe;

/** After which micro-batches of an epoch the optimiser steps. Each of them adds the gradient of loss · n / virtual batch. */
public enum Accumulation {
    /** When the virtual batch is full, and at the end of the epoch with what is left over. */
    ALIGNED {
        @Override
        public boolean stepsAfter(long imagesBefore, int images, int virtualBatch) {
            return imagesBefore / virtualBatch != (imagesBefore + images) / virtualBatch;
        }

        @Override
        public boolean stepsAtEnd() {
            return true;
        }
    },
    /**
     * As the original's {@code ExtendedOptimiser} counts: a batch is added before it is asked whether one more would fill the
     * virtual batch. With two micro-batches a virtual batch it steps after the first, third, fifth. What is left at the end of
     * an epoch is dropped.
     */
    AUTHORS {
        @Override
        public boolean stepsAfter(long imagesBefore, int images, int virtualBatch) {
            return (imagesBefore + 2L * images) % virtualBatch == 0;
        }

        @Override
        public boolean stepsAtEnd() {
            return false;
        }
    };

    /** Whether the optimiser steps after {@code images} more, {@code imagesBefore} of the epoch having been seen. */
    public abstract boolean stepsAfter(long imagesBefore, int images, int virtualBatch);

    /** Whether a gradient left over at the end of an epoch is used, or dropped. */
    public abstract boolean stepsAtEnd();
}
