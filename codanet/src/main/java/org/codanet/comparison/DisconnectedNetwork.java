package org.codanet.comparison;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.data.batch.RawImages;
import org.codanet.metrics.Grid;
import org.codanet.nn.tensor.Shape;

/**
 * A network that reads each cell of a grid on its own. It has one output for each cell, the logit of the cell's class. Images have the extents
 * of the whole grid. Source: Rao, Böhle, Schiele, CVPR 2022.
 *
 * <p>In DiFull an output depends on its own cell only, so an exact method attributes nothing to other cells. In DiPart an output is the mean
 * of the logits of all cells, as if the pooling at the end of a network were its only connection between them.
 */
final class DisconnectedNetwork implements AttributedNetwork {
    private final AttributedNetwork network;
    private final Grid grid;
    private final boolean full;

    /** @param full whether outputs depend on their own cell only (DiFull) */
    DisconnectedNetwork(AttributedNetwork network, Grid grid, boolean full) {
        this.network = network;
        this.grid = grid;
        this.full = full;
    }

    @Override
    public int classes() {
        return grid.cells();
    }

    @Override
    public int imageChannels() {
        return network.imageChannels();
    }

    @Override
    public int inputChannels() {
        return network.inputChannels();
    }

    @Override
    public boolean hasRectifiers() {
        return network.hasRectifiers();
    }

    @Override
    public float[] logits(RawImages.Floats images) {
        return outputs(network.logits(cells(images)), images.count());
    }

    @Override
    public float[] input(RawImages.Floats images) {
        return network.input(images);
    }

    @Override
    public float[] logitsOfInput(RawImages.Floats inputs) {
        return outputs(network.logitsOfInput(cells(inputs)), inputs.count());
    }

    /** Each output is independent of the others, so its probability is a sigmoid. */
    @Override
    public float[] probabilities(float[] logits) {
        float[] probabilities = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = (float) (1 / (1 + Math.exp(-logits[i])));
        }
        return probabilities;
    }

    @Override
    public float[] gradients(RawImages.Floats images, List<List<Integer>> targets) {
        Shape shape = images.shape();
        return assembled(images, targets, shape.extent(1), shape.extent(2), shape.extent(3), network::gradients);
    }

    @Override
    public float[] contributions(RawImages.Floats images, List<List<Integer>> targets) {
        Shape shape = images.shape();
        return assembled(
                images, targets, network.inputChannels(), shape.extent(2), shape.extent(3), network::contributions);
    }

    @Override
    public ActivationMaps activationMaps(RawImages.Floats images, List<List<Integer>> targets) {
        ActivationMaps one = network.activationMaps(
                (RawImages.Floats) cells(images).part(0, 1),
                List.of(List.of(grid.classes().getFirst())));
        int height = one.height() * grid.side();
        int width = one.width() * grid.side();
        float[] values = assembled(
                images,
                targets,
                1,
                height,
                width,
                (cells, classes) -> network.activationMaps(cells, classes).values());
        return new ActivationMaps(values, height, width);
    }

    /** (N, n): the outputs of N grids from the logits (N n, K) of their cells. */
    private float[] outputs(float[] logits, int count) {
        int n = grid.cells();
        int classes = network.classes();
        float[] outputs = new float[count * n];
        for (int i = 0; i < count; i++) {
            for (int t = 0; t < n; t++) {
                int k = grid.classes().get(t);
                double sum = 0;
                for (int cell = 0; cell < n && !full; cell++) {
                    sum += logits[(i * n + cell) * classes + k] / n;
                }
                outputs[i * n + t] = full ? logits[(i * n + t) * classes + k] : (float) sum;
            }
        }
        return outputs;
    }

    /** All cells (N n, C, H, W) of N grids. */
    private RawImages.Floats cells(RawImages.Floats grids) {
        int channels = grids.shape().extent(1);
        int height = grids.shape().extent(2) / grid.side();
        int width = grids.shape().extent(3) / grid.side();
        int size = channels * height * width;
        float[] cells = new float[grids.count() * grid.cells() * size];
        for (int i = 0; i < grids.count() * grid.cells(); i++) {
            int start = i / grid.cells() * grid.cells() * size;
            copy(grids.values(), start, cells, i * size, i % grid.cells(), channels, height, width, false);
        }
        return new RawImages.Floats(cells, Shape.of(grids.count() * grid.cells(), channels, height, width));
    }

    /** Maps of cells. */
    private interface CellMaps {
        float[] of(RawImages.Floats cells, List<List<Integer>> classes);
    }

    /**
     * Maps (N, T, C, H, W) of whole grids. In DiFull only the cell of the output has values. The maps of DiPart are those of the sum over
     * cells, divided by the number of cells.
     */
    private float[] assembled(
            RawImages.Floats images, List<List<Integer>> targets, int channels, int height, int width, CellMaps maps) {
        int n = grid.cells();
        int count = targets.getFirst().size();
        int size = channels * (height / grid.side()) * (width / grid.side());
        float[] whole = new float[images.count() * count * channels * height * width];
        RawImages.Floats cells = cells(images);
        for (int i = 0; i < images.count(); i++) {
            for (int t = 0; t < count; t++) {
                int output = targets.get(i).get(t);
                List<Integer> used = full ? List.of(output) : everyCell();
                float[] values = maps.of(
                        (RawImages.Floats) cells.part(i * n + used.getFirst(), used.size()),
                        Collections.nCopies(used.size(), List.of(grid.classes().get(output))));
                for (int u = 0; u < used.size(); u++) {
                    float[] one = Arrays.copyOfRange(values, u * size, (u + 1) * size);
                    for (int v = 0; v < one.length && !full; v++) {
                        one[v] /= n;
                    }
                    int start = (i * count + t) * channels * height * width;
                    copy(whole, start, one, 0, used.get(u), channels, height / grid.side(), width / grid.side(), true);
                }
            }
        }
        return whole;
    }

    private List<Integer> everyCell() {
        List<Integer> all = new ArrayList<>();
        for (int cell = 0; cell < grid.cells(); cell++) {
            all.add(cell);
        }
        return all;
    }

    /** Copies a cell out of a grid, or into it. */
    private void copy(
            float[] whole,
            int wholeStart,
            float[] part,
            int partStart,
            int cell,
            int channels,
            int height,
            int width,
            boolean into) {
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < height; y++) {
                int there = wholeStart + grid.offset(cell, c, y, height, width);
                int here = partStart + (c * height + y) * width;
                if (into) {
                    System.arraycopy(part, here, whole, there, width);
                } else {
                    System.arraycopy(whole, there, part, here, width);
                }
            }
        }
    }
}
