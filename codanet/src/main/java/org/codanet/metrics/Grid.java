package org.codanet.metrics;

import java.util.List;

/**
 * A grid of images of different classes, which becomes one multi-image. Source: paper, section 4.2.
 *
 * @param images indices in the dataset, one for each cell
 * @param classes of the images, all different
 * @param protocol decides the order of the cells: row by row, or column by column in the original protocol
 */
public record Grid(List<Integer> images, List<Integer> classes, Protocol protocol) {
    /** @throws IllegalArgumentException unless there are s² cells, each with an image, and all classes differ */
    public Grid {
        images = List.copyOf(images);
        classes = List.copyOf(classes);
        if (images.size() != classes.size()
                || images.isEmpty()
                || side(images.size()) * side(images.size()) != images.size()) {
            throw new IllegalArgumentException(
                    "grid: " + images.size() + " images with " + classes.size() + " classes do not fill a square");
        }
        if (classes.stream().distinct().count() != classes.size()) {
            throw new IllegalArgumentException("grid: the classes " + classes + " are not all different");
        }
    }

    private static int side(int cells) {
        return (int) Math.round(Math.sqrt(cells));
    }

    /** {@return s, the number of rows and of columns} */
    public int side() {
        return side(images.size());
    }

    /** {@return n = s², the number of cells} */
    public int cells() {
        return images.size();
    }

    /** {@return the row of a cell} */
    public int row(int cell) {
        return protocol == Protocol.ORIGINAL ? cell % side() : cell / side();
    }

    /** {@return the column of a cell} */
    public int column(int cell) {
        return protocol == Protocol.ORIGINAL ? cell / side() : cell % side();
    }

    /** {@return where row y of channel c of a cell begins in a multi-image (C, sH, sW)} */
    public int offset(int cell, int c, int y, int height, int width) {
        return ((c * side() + row(cell)) * height + y) * side() * width + column(cell) * width;
    }

    /**
     * The multi-image (C, sH, sW).
     *
     * @param pixels for each cell its image (C, H, W)
     * @throws IllegalArgumentException if an image has other extents
     */
    public float[] compose(List<float[]> pixels, int channels, int height, int width) {
        float[] whole = new float[cells() * channels * height * width];
        for (int cell = 0; cell < cells(); cell++) {
            float[] image = pixels.get(cell);
            if (image.length != channels * height * width) {
                throw new IllegalArgumentException(
                        "grid: image " + images.get(cell) + " has " + image.length + " values, not " + channels + " x "
                                + height + " x " + width + "; the images of a grid need one size");
            }
            for (int c = 0; c < channels; c++) {
                for (int y = 0; y < height; y++) {
                    System.arraycopy(image, (c * height + y) * width, whole, offset(cell, c, y, height, width), width);
                }
            }
        }
        return whole;
    }

    /**
     * For each cell, its share of the positive values of a map: the mean of each cell divided by the sum of these means. All are 0 if
     * no value is positive.
     *
     * @param map (sH, sW), already summed over channels
     * @throws IllegalArgumentException if the map does not fit the grid or a value is not a number
     */
    public double[] shares(float[] map, int height, int width) {
        int side = side();
        if (map.length != cells() * height * width) {
            throw new IllegalArgumentException("grid: a map of " + map.length + " values does not fit " + side + " x "
                    + side + " cells of " + height + " x " + width);
        }
        double[] shares = new double[cells()];
        double sum = 0;
        for (int cell = 0; cell < shares.length; cell++) {
            for (int y = 0; y < height; y++) {
                int from = offset(cell, 0, y, height, width);
                for (int x = from; x < from + width; x++) {
                    if (Float.isNaN(map[x])) {
                        throw new IllegalArgumentException("grid: the map holds a value that is not a number");
                    }
                    shares[cell] += Math.max(map[x], 0);
                }
            }
            sum += shares[cell];
        }
        for (int cell = 0; cell < shares.length && sum > 0; cell++) {
            shares[cell] /= sum;
        }
        return shares;
    }
}
