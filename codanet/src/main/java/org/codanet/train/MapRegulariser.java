package org.codanet.train;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.codanet.model.CodaNet;
import org.codanet.model.NetPass;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.Layer;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * The linear-map regulariser: λ · mean |W_k,m| over the images of a batch, the entries m of the network's input, and two
 * classes k of each image, the true one and one other drawn at random. Source: Böhle, Fritz, Schiele, CVPR 2021, section 4.3.
 *
 * <p>Its gradient needs no second network: with H = ∂L/∂W_k on the input, walking H forward through the frozen maps gives, at
 * each layer, what stands in the place of the patch, and the linear map from above what stands in the place of the gradient.
 */
final class MapRegulariser {
    private final CodaNet net;

    MapRegulariser(CodaNet net) {
        this.net = net;
    }

    /** For each label another class, drawn from the seed alone. */
    static List<Integer> others(List<Integer> labels, int classes, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return labels.stream()
                .map(label -> {
                    int drawn = random.nextInt(classes - 1);
                    return drawn < label ? drawn : drawn + 1;
                })
                .toList();
    }

    /**
     * The regulariser's value without λ, and room for its gradient.
     *
     * @param value mean |W| over images, classes and entries
     * @param inner for each layer what is to be added to the gradient of its input; null for the first
     */
    record Result(double value, List<Tensor> inner) {}

    /**
     * Adds the regulariser's gradient to the parameters' gradients.
     *
     * @param pass made for training
     * @param classes the classes of each image whose maps are to be small, the same number for all
     * @param factor λ times the share of these images in their virtual batch
     * @param owner of the result's tensors
     */
    Result add(NetPass pass, List<List<Integer>> classes, double factor, Scope owner) {
        Device device = net.device();
        List<Tensor> inner = new ArrayList<>();
        inner.add(null);
        for (int i = 1; i < pass.depth(); i++) {
            Tensor gradient = device.allocate(owner, pass.layer(i).input().shape());
            device.elementwise().fill(gradient, 0);
            inner.add(gradient);
        }
        int perImage = classes.getFirst().size();
        double count = (double) pass.input().shape().elements() * perImage;
        double sum = 0;
        for (int t = 0; t < perImage; t++) {
            int column = t;
            List<List<Integer>> one =
                    classes.stream().map(list -> List.of(list.get(column))).toList();
            try (Scope scope = owner.child("regulariser")) {
                sum += addOne(pass, one, factor / count, inner, scope);
            }
        }
        return new Result(sum / count, inner);
    }

    private double addOne(NetPass pass, List<List<Integer>> one, double scale, List<Tensor> inner, Scope scope) {
        Device device = net.device();
        List<Tensor> maps = maps(pass, one, scope);
        Tensor total = device.allocate(scope, Shape.of(1));
        device.elementwise().absoluteSum(maps.getFirst(), total);
        float[] sum = new float[1];
        device.download(total, sum);
        Scope below = scope.child("walk");
        Tensor v = device.allocate(below, pass.input().shape());
        device.elementwise().sign(maps.getFirst().reshape(v.shape()), (float) scale, v);
        for (int i = 0; i < pass.depth(); i++) {
            Layer layer = net.layers().get(i);
            Shape output = pass.layer(i).output().shape();
            layer.mapBackward(pass.layer(i), v, maps.get(i + 1).reshape(output), inner.get(i));
            if (i + 1 < pass.depth()) {
                Scope above = scope.child("walk");
                Tensor next = device.allocate(above, output);
                layer.applyMap(pass.layer(i), v, next);
                below.close();
                below = above;
                v = next;
            }
        }
        return sum[0];
    }

    /** The linear map of one class of each image at every layer's input, the last entry being where it starts. */
    private List<Tensor> maps(NetPass pass, List<List<Integer>> one, Scope scope) {
        Device device = net.device();
        int last = pass.depth() - 1;
        Tensor seeds = device.allocate(scope, single(pass.layer(last).output().shape()));
        device.sumPool(scope).seed(one, net.config().temperature(), seeds);
        List<Tensor> maps = new ArrayList<>();
        maps.add(seeds);
        for (int i = last; i >= 0; i--) {
            Tensor lower = device.allocate(scope, single(pass.layer(i).input().shape()));
            net.layers().get(i).backProject(pass.layer(i), maps.getLast(), lower);
            maps.add(lower);
        }
        return maps.reversed();
    }

    private static Shape single(Shape shape) {
        return Shape.of(shape.extent(0), 1, shape.extent(1), shape.extent(2), shape.extent(3));
    }

    /** Pairs of each image's label and its other class. */
    static List<List<Integer>> pairs(List<Integer> labels, List<Integer> others) {
        return IntStream.range(0, labels.size())
                .mapToObj(n -> List.of(labels.get(n), others.get(n)))
                .toList();
    }
}
