package org.codanet.model;

import org.codanet.nn.device.Device;
import org.codanet.nn.device.OutOfMemoryException;

/**
 * Work that gives the same for an image alone and among others, done so many images at a time as there is room for. Where the
 * device has none, it is done for half as many, and from then on for no more.
 */
public final class Pieces {
    private final Device device;
    private final String work;
    private int most = Integer.MAX_VALUE;

    /** @param work what the device's choices call it */
    public Pieces(Device device, String work) {
        this.device = device;
        this.work = work;
    }

    /** Does some of the images; leaves nothing behind if the device has no room. */
    @FunctionalInterface
    public interface Piece {
        /** @throws OutOfMemoryException if there is no room for so many */
        void run(int first, int count);
    }

    /**
     * Does all images, first to last.
     *
     * @param atOnce at most so many at a time
     * @throws OutOfMemoryException if there is no room for one
     */
    public void run(int images, int atOnce, Piece piece) {
        int first = 0;
        while (first < images) {
            int count = Math.min(Math.min(atOnce, most), images - first);
            try {
                piece.run(first, count);
                first += count;
            } catch (OutOfMemoryException noRoom) {
                if (count == 1) {
                    throw noRoom;
                }
                most = (count + 1) / 2;
                // What was held to be used again has the extents of too many images.
                device.trimMemory();
                device.reportSelection(
                        work + ": " + most + " images at a time; for " + count + ": " + noRoom.getMessage());
            }
        }
    }
}
