package org.codanet.nn.testing;

import com.google.gson.JsonObject;
import java.util.List;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.tensor.Shape;

/**
 * One dynamic alignment layer of a golden file: inputs, and the results that PyTorch computed in float64, in the layouts of a device.
 *
 * @param norms ‖w_j‖, (N, Ho, Wo, D)
 * @param upper the gradient of y, which is also the target of the back-projection
 */
public record GoldenLayer(
        String name,
        AlignmentRun.Data data,
        float[] y,
        float[] norms,
        float[] upper,
        float[] backProjection,
        AlignmentRun.Gradients gradients) {
    /** All layers of the folder that the property {@code codanet.golden} names, or else of the resources of these tests. */
    public static List<GoldenLayer> all() {
        return GoldenFile.all("dau_layer_").stream().map(GoldenLayer::of).toList();
    }

    static GoldenLayer of(GoldenFile file) {
        DynamicAlignmentShape shape = shape(file.config());
        return new GoldenLayer(
                file.toString(),
                new AlignmentRun.Data(
                        shape,
                        channelsLast(file.shape("x")),
                        activation(file, "x"),
                        factor(file, "A", shape),
                        units(file, "B", shape, shape.rank()),
                        shape.bias() ? units(file, "b", shape, 1) : null),
                activation(file, "y"),
                activation(file, "n"),
                activation(file, "grad_y"),
                activation(file, "backprojection"),
                new AlignmentRun.Gradients(
                        activation(file, "grad_x"),
                        factor(file, "grad_A", shape),
                        units(file, "grad_B", shape, shape.rank()),
                        shape.bias() ? units(file, "grad_b", shape, 1) : null));
    }

    @Override
    public String toString() {
        return name;
    }

    private static DynamicAlignmentShape shape(JsonObject config) {
        return new DynamicAlignmentShape(
                config.get("in_channels").getAsInt(),
                config.get("out_channels").getAsInt(),
                config.get("rank").getAsInt(),
                config.get("kernel").getAsInt(),
                config.get("stride").getAsInt(),
                config.get("padding").getAsInt(),
                Norm.valueOf(config.get("norm").getAsString()),
                config.get("bias").getAsBoolean());
    }

    private static Shape channelsLast(Shape nchw) {
        return Shape.of(nchw.extent(0), nchw.extent(2), nchw.extent(3), nchw.extent(1));
    }

    /** (N, C, H, W) to (N, H, W, C). */
    private static float[] activation(GoldenFile file, String tensor) {
        Shape shape = file.shape(tensor);
        float[] from = file.values(tensor);
        float[] to = new float[from.length];
        int channels = shape.extent(1);
        int positions = shape.extent(2) * shape.extent(3);
        for (int i = 0; i < from.length; i++) {
            int position = i % positions;
            int c = i / positions % channels;
            int n = i / positions / channels;
            to[(n * positions + position) * channels + c] = from[i];
        }
        return to;
    }

    /** A (r, C, k, k) to (k, k, C, r). */
    private static float[] factor(GoldenFile file, String tensor, DynamicAlignmentShape shape) {
        float[] from = file.values(tensor);
        float[] to = new float[from.length];
        for (int i = 0; i < from.length; i++) {
            to[row(i % shape.patch(), shape) * shape.rank() + i / shape.patch()] = from[i];
        }
        return to;
    }

    /** B (P·D, r) to (k, k, C, r, D), or with {@code rank} 1 b (P·D) to (k, k, C, D). */
    private static float[] units(GoldenFile file, String tensor, DynamicAlignmentShape shape, int rank) {
        float[] from = file.values(tensor);
        float[] to = new float[from.length];
        for (int i = 0; i < from.length; i++) {
            int rho = i % rank;
            int unit = i / rank % shape.units();
            int entry = i / rank / shape.units();
            to[(row(entry, shape) * rank + rho) * shape.units() + unit] = from[i];
        }
        return to;
    }

    /** Row (ky, kx, c) of patch entry (c, ky, kx). */
    private static int row(int entry, DynamicAlignmentShape shape) {
        int square = shape.kernel() * shape.kernel();
        return entry % square * shape.inChannels() + entry / square;
    }
}
