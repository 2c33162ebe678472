package org.codanet.run;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;

/**
 * Splits a batch into micro-batches that fit the free memory. The result for an image must not depend on the other images. If memory is
 * short, a micro-batch is retried with half as many images, and later micro-batches are not larger than that.
 */
public final class MicroBatches {
    private final Device device;
    private final String work;
    private int largest = Integer.MAX_VALUE;

    /** @param work name of the work in the reports to the device's listener */
    public MicroBatches(Device device, String work) {
        this.device = device;
        this.work = work;
    }

    /** Work on the images {@code first} to {@code first + count - 1}. After a failure it may be called again. */
    @FunctionalInterface
    public interface Work {
        /** @throws OutOfMemoryException if memory is short; the call must then have freed what it allocated */
        void run(int first, int count);
    }

    /** {@link Work} that also back-projects some targets of an image together. */
    @FunctionalInterface
    public interface TargetWork {
        /** @throws OutOfMemoryException if memory is short; the call must then have freed what it allocated */
        void run(int first, int count, int targetsAtOnce);
    }

    /**
     * Processes all images, first to last.
     *
     * @param atOnce the largest number of images of a micro-batch
     * @throws OutOfMemoryException if memory is short for a single image
     */
    public void run(int images, int atOnce, Work step) {
        int first = 0;
        while (first < images) {
            int count = Math.min(Math.min(atOnce, largest), images - first);
            try {
                step.run(first, count);
                first += count;
            } catch (OutOfMemoryException shortage) {
                if (count == 1) {
                    throw shortage;
                }
                largest = (count + 1) / 2;
                // The idle blocks have the sizes that more images needed, so they are freed.
                device.trimMemory();
                report(largest + " images", count, shortage);
            }
        }
    }

    /**
     * Processes all images, first to last. If memory is short for a single image, that image is retried with half as many targets at once.
     *
     * @param atOnce the largest number of images of a micro-batch
     * @param targetsAtOnce the largest number of targets of an image that are back-projected together
     * @throws OutOfMemoryException if memory is short for a single target of a single image
     */
    public void run(int images, int atOnce, int targetsAtOnce, TargetWork step) {
        run(images, atOnce, (first, count) -> {
            int targets = targetsAtOnce;
            boolean done = false;
            while (!done) {
                try {
                    step.run(first, count, targets);
                    done = true;
                } catch (OutOfMemoryException shortage) {
                    if (count > 1 || targets == 1) {
                        throw shortage;
                    }
                    int fewer = (targets + 1) / 2;
                    device.trimMemory();
                    report(fewer + " classes", targets, shortage);
                    targets = fewer;
                }
            }
        });
    }

    private void report(String fewer, int tried, OutOfMemoryException shortage) {
        device.reportSelection(work + ": " + fewer + " at a time; for " + tried + ": " + shortage.getMessage());
    }
}
