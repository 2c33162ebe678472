package org.codanet.recipe;

/** After which micro-batches of an epoch the optimiser steps. Each of them adds the gradient of loss · n / virtual batch. */
public enum Accumulation {
    /** When the virtual batch is full, and at the end of the epoch with the remaining images. */
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
     * Counts as {@code ExtendedOptimiser} of the authors' code does: the optimiser steps if one more micro-batch would fill the virtual
     * batch. With two micro-batches per virtual batch it steps after the first, the third, the fifth, and so on. A gradient that remains at
     * the end of an epoch is dropped.
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

    /** Whether the optimiser steps after a micro-batch of {@code images} that follows {@code imagesBefore} images of the same epoch. */
    public abstract boolean stepsAfter(long imagesBefore, int images, int virtualBatch);

    /** Whether the gradient that remains at the end of an epoch is used; otherwise it is dropped. */
    public abstract boolean stepsAtEnd();
}
