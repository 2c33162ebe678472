package org.codanet.onnx;

import static org.codanet.onnx.OnnxGraph.Attribute.integers;

import java.util.Arrays;
import java.util.List;
import org.codanet.file.NamedTensors;
import org.codanet.model.AuthorsLayout;
import org.codanet.model.LayerConfig;
import org.codanet.model.LayerExtent;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.onnx.OnnxGraph.Attribute;

/**
 * The nodes of one dynamic alignment layer: its forward pass, and its back-projection. Neither stores the dynamic weights as a tensor.
 *
 * <pre>
 *   a    = A p                          convolution of x                       (N, r, Ho, Wo)
 *   u_j  = B_jᵀ p                       convolution of x with D r filters      (N, D, r, Ho, Wo)
 *   s_j  = a · u_j + b_j · p                                                   (N, D, Ho, Wo)
 *   q_j  = ‖R_j (a, 1)‖²                1 x 1 convolution of a, then squares   (N, D, Ho, Wo)
 *   f_j  = √q / (1 + q),  1 / √q,  or  1 / (‖B_j A‖_F ‖p‖)                     SQ, L2, WB; 0 where a denominator is 0
 *   y_j  = s_j f_j
 *   back-projection of g:   Σ_j g_j f_j w_j   as transposed convolutions of g_j f_j a and of g_j f_j
 * </pre>
 *
 * <p>R_j is the triangular factor of (B_j, b_j), see {@link TriangularFactor}. Both directions share the filters.
 */
final class AlignmentNodes {
    private final OnnxGraph graph;
    private final LayerConfig layer;
    private final int height;
    private final int width;
    private final LayerExtent output;
    private final String prefix;
    private final float[] a;
    private final float[] b;
    private final float[] bias;

    /** Names of constants and values of the forward pass that the back-projection reuses. */
    private String filters;

    private String biasFilters;
    private String factors;
    private String scale;

    /**
     * Prepares the nodes of a layer.
     *
     * @param index of the layer, from 0
     * @param weights of the network, under the authors' keys
     * @param height rows of the layer's input
     * @param width columns of the layer's input
     * @param output extents of the layer's output
     */
    AlignmentNodes(
            OnnxGraph graph,
            int index,
            LayerConfig layer,
            NamedTensors weights,
            int height,
            int width,
            LayerExtent output) {
        this.graph = graph;
        this.layer = layer;
        this.height = height;
        this.width = width;
        this.output = output;
        this.prefix = "layer" + index + "_";
        this.a = weights.get(AuthorsLayout.keyOfA(index)).toFloats();
        this.b = weights.get(AuthorsLayout.keyOfB(index)).toFloats();
        this.bias = layer.bias() ? weights.get(AuthorsLayout.keyOfBias(index)).toFloats() : null;
    }

    /**
     * Adds the forward pass.
     *
     * @param x (N, C, H, W)
     * @return y (N, D, Ho, Wo)
     */
    String forward(String x) {
        int units = layer.outChannels();
        int rank = layer.rank();
        filters = graph.constant(prefix + "B", unitFilters(), (long) units * rank, layer.inChannels(), k(), k());
        factors = convolution("factors", x, graph.constant(prefix + "A", a, rank, layer.inChannels(), k(), k()));
        String u = reshape("u", convolution("u_flat", x, filters), 0, units, rank, output.height(), output.width());
        String score = sum("score", node("Mul", "score_terms", u, unsqueezed("factors_of_units", factors, 1)), 2);
        if (layer.bias()) {
            biasFilters = graph.constant(prefix + "b", biasFilterValues(), units, layer.inChannels(), k(), k());
            score = node("Add", "score_with_bias", score, convolution("bias_score", x, biasFilters));
        }
        scale = layer.norm() == Norm.WB ? boundedScale(x) : scaleOfSquaredNorm(squaredNorm());
        return node("Mul", "y", score, scale);
    }

    /**
     * Adds the back-projection of T functionals on the output to functionals on the input. {@link #forward} must have been called.
     *
     * @param g (N, T, D, Ho, Wo), or an array that broadcasts to it
     * @param targets T
     * @return (N, T, C, H, W)
     */
    String backProject(String g, int targets) {
        long units = layer.outChannels();
        String scaled = node("Mul", "g_scaled", g, unsqueezed("scale_of_targets", scale, 1));
        String terms = node(
                "Mul",
                "g_factors",
                unsqueezed("g_scaled_of_ranks", scaled, 3),
                unsqueezed("factors_of_targets", factors, 1, 2));
        String map = transposed(
                "map",
                reshape("g_factors_flat", terms, -1, units * layer.rank(), output.height(), output.width()),
                filters);
        if (layer.bias()) {
            String flat = reshape("g_flat", scaled, -1, units, output.height(), output.width());
            map = node("Add", "map_with_bias", map, transposed("bias_map", flat, biasFilters));
        }
        return reshape("map_of_targets", map, -1, targets, layer.inChannels(), height, width);
    }

    private String squaredNorm() {
        int units = layer.outChannels();
        int rank = layer.rank();
        int columns = rank + (layer.bias() ? 1 : 0);
        int rows = Math.min(layer.patch(), columns);
        float[] weights = new float[Math.multiplyExact(units * rows, rank)];
        float[] constants = new float[units * rows];
        for (int j = 0; j < units; j++) {
            double[][] factor = TriangularFactor.of(columns(j, columns));
            for (int i = 0; i < rows; i++) {
                for (int rho = 0; rho < rank; rho++) {
                    weights[(j * rows + i) * rank + rho] = (float) factor[i][rho];
                }
                constants[j * rows + i] = layer.bias() ? (float) factor[i][rank] : 0;
            }
        }
        String flat = graph.node(
                "Conv",
                prefix + "norm_parts_flat",
                List.of(
                        factors,
                        graph.constant(prefix + "R", weights, (long) units * rows, rank, 1, 1),
                        graph.constant(prefix + "R_b", constants, (long) units * rows)));
        String parts = reshape("norm_parts", flat, 0, units, rows, output.height(), output.width());
        return sum("squared_norm", node("Mul", "norm_squares", parts, parts), 2);
    }

    /** The columns of (B_j, b_j). */
    private double[][] columns(int unit, int count) {
        int units = layer.outChannels();
        double[][] columns = new double[count][layer.patch()];
        for (int i = 0; i < layer.patch(); i++) {
            for (int rho = 0; rho < layer.rank(); rho++) {
                columns[rho][i] = b[(i * units + unit) * layer.rank() + rho];
            }
            if (count > layer.rank()) {
                columns[layer.rank()][i] = bias[i * units + unit];
            }
        }
        return columns;
    }

    private String scaleOfSquaredNorm(String q) {
        String n = node("Sqrt", "norm", q);
        if (layer.norm() == Norm.SQ) {
            return node("Div", "scale", n, node("Add", "one_plus_q", q, number("one", 1)));
        }
        return inverse(n);
    }

    private String boundedScale(String x) {
        String ones = graph.constant(prefix + "ones", filled(layer.patch()), 1, layer.inChannels(), k(), k());
        String patchNorm =
                node("Sqrt", "patch_norm", convolution("patch_squares", node("Mul", "x_squared", x, x), ones));
        String frobenius = graph.constant(prefix + "frobenius", frobeniusNorms(), 1, layer.outChannels(), 1, 1);
        return inverse(node("Mul", "bound", patchNorm, frobenius));
    }

    /** 1 / n, or 0 where n is 0. */
    private String inverse(String n) {
        return node(
                "Where",
                "scale",
                node("Greater", "is_positive", n, number("zero", 0)),
                node("Reciprocal", "reciprocal", n),
                prefix + "zero");
    }

    /** ‖B_j A‖_F of each unit: the square root of the sum of the products of the entries of B_jᵀB_j and A Aᵀ. */
    private float[] frobeniusNorms() {
        int rank = layer.rank();
        int patch = layer.patch();
        int units = layer.outChannels();
        double[] gramA = new double[rank * rank];
        for (int row = 0; row < rank; row++) {
            for (int column = 0; column < rank; column++) {
                for (int i = 0; i < patch; i++) {
                    gramA[row * rank + column] += (double) a[row * patch + i] * a[column * patch + i];
                }
            }
        }
        float[] norms = new float[units];
        for (int j = 0; j < units; j++) {
            double sum = 0;
            for (int i = 0; i < patch; i++) {
                int start = (i * units + j) * rank;
                for (int row = 0; row < rank; row++) {
                    for (int column = 0; column < rank; column++) {
                        sum += (double) b[start + row] * b[start + column] * gramA[row * rank + column];
                    }
                }
            }
            norms[j] = (float) Math.sqrt(Math.max(sum, 0));
        }
        return norms;
    }

    /** Filter j r + ρ is column ρ of B_j: (D r, C, k, k). */
    private float[] unitFilters() {
        int units = layer.outChannels();
        int rank = layer.rank();
        int patch = layer.patch();
        float[] values = new float[b.length];
        for (int i = 0; i < patch; i++) {
            for (int j = 0; j < units; j++) {
                for (int rho = 0; rho < rank; rho++) {
                    values[(j * rank + rho) * patch + i] = b[(i * units + j) * rank + rho];
                }
            }
        }
        return values;
    }

    /** Filter j is b_j: (D, C, k, k). */
    private float[] biasFilterValues() {
        int units = layer.outChannels();
        float[] values = new float[bias.length];
        for (int i = 0; i < layer.patch(); i++) {
            for (int j = 0; j < units; j++) {
                values[j * layer.patch() + i] = bias[i * units + j];
            }
        }
        return values;
    }

    private long k() {
        return layer.kernel();
    }

    private static float[] filled(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    private Attribute[] geometry() {
        long p = layer.padding();
        return new Attribute[] {
            integers("kernel_shape", k(), k()),
            integers("strides", layer.stride(), layer.stride()),
            integers("pads", p, p, p, p)
        };
    }

    private String convolution(String name, String x, String weights) {
        return graph.node("Conv", prefix + name, List.of(x, weights), geometry());
    }

    /** The transposed convolution, with the extents of the layer's input. */
    private String transposed(String name, String y, String weights) {
        Attribute[] geometry = Arrays.copyOf(geometry(), 4);
        geometry[3] = integers("output_padding", uncovered(height, output.height()), uncovered(width, output.width()));
        return graph.node("ConvTranspose", prefix + name, List.of(y, weights), geometry);
    }

    /** Rows or columns of the padded input that no patch covers, because the stride leaves a remainder. */
    private long uncovered(int input, int patches) {
        return input + 2L * layer.padding() - layer.kernel() - (long) (patches - 1) * layer.stride();
    }

    private String node(String operator, String name, String... operands) {
        return graph.node(operator, prefix + name, List.of(operands));
    }

    private String reshape(String name, String value, long... shape) {
        return node("Reshape", name, value, graph.integers(prefix + name + "_shape", shape));
    }

    private String unsqueezed(String name, String value, long... axes) {
        return node("Unsqueeze", name, value, graph.integers(prefix + name + "_axes", axes));
    }

    private String sum(String name, String value, long axis) {
        return graph.node(
                "ReduceSum",
                prefix + name,
                List.of(value, graph.integers(prefix + name + "_axes", axis)),
                Attribute.integer("keepdims", 0));
    }

    private String number(String name, float value) {
        return graph.constant(prefix + name, new float[] {value});
    }
}
