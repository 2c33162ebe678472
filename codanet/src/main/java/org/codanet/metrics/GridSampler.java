package org.codanet.metrics;

import java.util.ArrayList;
import java.util.List;
import org.codanet.data.transform.SeededRandom;

/**
 * Draws the grids of the localisation metric. Each grid has images of n different classes, and the most confident images are drawn first.
 */
public final class GridSampler {
    /** The seed of the published code. */
    public static final int ORIGINAL_SEED = 42;

    private final Confidences confidences;
    private final int cells;
    private final int[] next;

    private GridSampler(Confidences confidences, int cells) {
        this.confidences = confidences;
        this.cells = cells;
        this.next = new int[confidences.classes()];
    }

    /**
     * {@code count} grids, or fewer if there are not enough images.
     *
     * @param side s; a grid has s² cells
     * @param count the largest number of grids
     * @param seed of the corrected protocol; the original protocol always uses {@link #ORIGINAL_SEED}
     * @throws IllegalArgumentException if there are not enough classes or confident images for a single grid
     */
    public static List<Grid> sample(Confidences confidences, int side, int count, Protocol protocol, long seed) {
        if (side < 1 || count < 1) {
            throw new IllegalArgumentException("grids: asked for " + count + " grids of " + side + " x " + side);
        }
        GridSampler sampler = new GridSampler(confidences, side * side);
        List<Grid> grids = protocol == Protocol.ORIGINAL ? sampler.original(count) : sampler.corrected(count, seed);
        if (grids.isEmpty()) {
            throw new IllegalArgumentException("grids: a grid of " + side + " x " + side + " needs confident images of "
                    + (protocol == Protocol.ORIGINAL ? "more than " : "") + side * side + " classes, and only "
                    + new GridSampler(confidences, side * side).available().size()
                    + " classes have any; use a smaller grid or more images");
        }
        return grids;
    }

    private List<Integer> available() {
        List<Integer> available = new ArrayList<>();
        for (int k = 0; k < next.length; k++) {
            List<Confidences.Image> images = confidences.images(k);
            if (next[k] < images.size() && images.get(next[k]).isConfident()) {
                available.add(k);
            }
        }
        return available;
    }

    private int take(int k) {
        return confidences.images(k).get(next[k]++).index();
    }

    private List<Grid> corrected(int count, long seed) {
        List<Grid> grids = new ArrayList<>();
        List<Integer> available = available();
        while (grids.size() < count && available.size() >= cells) {
            SeededRandom random = new SeededRandom(seed, 0, grids.size());
            List<Integer> images = new ArrayList<>();
            List<Integer> classes = new ArrayList<>();
            for (int cell = 0; cell < cells; cell++) {
                int k = available.remove(random.nextInt(available.size()));
                images.add(take(k));
                classes.add(k);
            }
            grids.add(new Grid(images, classes, Protocol.CORRECTED));
            available = available();
        }
        return grids;
    }

    /** An image that was drawn, and its class. */
    private record Draw(int image, int k) {}

    private List<Draw> draws() {
        NumpyRandom random = new NumpyRandom(ORIGINAL_SEED);
        List<Draw> draws = new ArrayList<>();
        List<Integer> available = available();
        while (available.size() > cells) {
            int[] permutation = random.permutation(available.size());
            for (int i = 0; i < cells; i++) {
                int k = available.get(permutation[i]);
                draws.add(new Draw(take(k), k));
            }
            available = available();
        }
        return draws;
    }

    /** The published code skips one draw after each grid, and discards a draw whose class the grid already has. */
    private List<Grid> original(int count) {
        List<Draw> draws = draws();
        List<Grid> grids = new ArrayList<>();
        int at = 0;
        while (grids.size() < count) {
            List<Integer> images = new ArrayList<>();
            List<Integer> classes = new ArrayList<>();
            while (images.size() < cells && at < draws.size()) {
                Draw draw = draws.get(at++);
                if (!classes.contains(draw.k())) {
                    images.add(draw.image());
                    classes.add(draw.k());
                }
            }
            if (images.size() < cells) {
                break;
            }
            grids.add(new Grid(images, classes, Protocol.ORIGINAL));
            at++;
        }
        return grids;
    }
}
