package org.codanet.metrics;

import java.util.List;

/**
 * An object in an image, and the boxes that it fills: the energy-based pointing game asks how much of a class's map lies in them (Wang et
 * al., CVPR workshops 2020; Rao et al., ICCV 2023).
 *
 * @param image index in the data set
 * @param target class of the object
 * @param boxes at least one; they may overlap
 */
public record BoxedObject(int image, int target, List<Box> boxes) {
    /**
     * A box in pixels of the image that the network reads.
     *
     * @param left first column
     * @param top first row
     * @param right column after the last one
     * @param bottom row after the last one
     */
    public record Box(int left, int top, int right, int bottom) {}

    /** Copies the list. @throws IllegalArgumentException if there is no box */
    public BoxedObject {
        boxes = List.copyOf(boxes);
        if (boxes.isEmpty()) {
            throw new IllegalArgumentException("pointing game: an object of image " + image + " has no box");
        }
    }

    /**
     * {@return the share of the positive values of a map that lies in the boxes; 0 if no value is positive}
     *
     * @param map (H, W)
     * @throws IllegalArgumentException if a value is not a number
     */
    public double share(float[] map, int width) {
        double inside = 0;
        double all = 0;
        for (int i = 0; i < map.length; i++) {
            if (Float.isNaN(map[i])) {
                throw new IllegalArgumentException("pointing game: the map holds a value that is not a number");
            }
            double positive = Math.max(map[i], 0);
            int x = i % width;
            int y = i / width;
            boolean isInside = boxes.stream()
                    .anyMatch(box -> x >= box.left() && x < box.right() && y >= box.top() && y < box.bottom());
            inside += isInside ? positive : 0;
            all += positive;
        }
        return all > 0 ? inside / all : 0;
    }
}
