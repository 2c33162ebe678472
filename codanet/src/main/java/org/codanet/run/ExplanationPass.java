package org.codanet.run;

import java.util.ArrayList;
import java.util.List;
import org.codanet.data.batch.RawImages;
import org.codanet.model.NetPass;
import org.codanet.model.Network;
import org.codanet.nn.op.ContributionMap;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * One forward pass, and a back-projection of some targets of each image. If the logits decide which classes are explained, the device
 * selects them, so that the back-projection does not have to wait for the host.
 *
 * @param images how the images are stored
 * @param layer whose input is explained; 0 explains the network's input
 * @param perChannel whether contributions of each channel are computed as well
 * @param targets what is explained of each image
 * @param targetsAtOnce the largest number of targets of an image that are back-projected together
 */
public record ExplanationPass(RawImages.Form images, int layer, boolean perChannel, Targets targets, int targetsAtOnce)
        implements PassDefinition {
    /** Result (N, K). */
    public static final String LOGITS = "logits";

    /** The T classes of each image, (N, T): an input for {@link NamedClasses}, a result for {@link HighestLogits}. */
    public static final String CLASSES = "classes";

    /** Input (N, 1) for {@link NamedOrHighest}: the class that the caller names, and 0 where the logits decide. */
    public static final String NAMED = "named classes";

    /** Input (N, 1) for {@link NamedOrHighest}: 1 where the logits decide, and 0 where the caller names the class. */
    public static final String RANKED = "ranked";

    /** Input (N, 1, Ho, Wo, D) for {@link UnitActivation}: 1 at the unit and 0 elsewhere. */
    public static final String SEEDS = "seeds";

    /** Result (N, 1) for {@link UnitActivation}: the activation that is explained. */
    public static final String ACTIVATIONS = "activations";

    /** What is explained of each image. */
    public sealed interface Targets {
        /** T, the number of targets of each image. */
        int count();
    }

    /** The {@code count} highest logits. */
    public record HighestLogits(int count) implements Targets {}

    /** {@code count} classes, which the caller names for each image. */
    public record NamedClasses(int count) implements Targets {}

    /**
     * One class of each image: the one that the caller names, or the one with the highest logit. Inputs {@link #NAMED} and {@link
     * #RANKED}, result {@link #CLASSES}.
     */
    public record NamedOrHighest() implements Targets {
        @Override
        public int count() {
            return 1;
        }
    }

    /** The activation of one unit of a layer at one position, which the caller names. */
    public record UnitActivation(int layer) implements Targets {
        @Override
        public int count() {
            return 1;
        }
    }

    /**
     * Targets that are back-projected together.
     *
     * @param first index of the first target
     * @param count number of targets
     */
    public record Group(int first, int count) {
        /** Name of the result (N, count, H, W): the contributions of each position. */
        public String positions() {
            return "positions, targets from " + first;
        }

        /** Name of the result (N, count, C, H, W): the contributions of each channel. */
        public String channels() {
            return "channels, targets from " + first;
        }
    }

    @Override
    public ExplanationPass withImages(int count) {
        return new ExplanationPass(images.withCount(count), layer, perChannel, targets, targetsAtOnce);
    }

    /** The same pass with another number of targets back-projected together. */
    public ExplanationPass withTargetsAtOnce(int count) {
        return new ExplanationPass(images, layer, perChannel, targets, count);
    }

    @Override
    public Purpose purpose() {
        return Purpose.EXPLANATION;
    }

    private int count() {
        return images.shape().extent(0);
    }

    private Shape inputShape(Network net) {
        return net.inputShape(count(), images.shape().extent(2), images.shape().extent(3));
    }

    /**
     * The targets in groups, in order. A device may use another algorithm for few targets than for many, which rounds differently. The
     * last group therefore repeats some targets of the one before it if it would be too small for the algorithm of the others.
     */
    public List<Group> groups(Network net) {
        int all = targets.count();
        if (all <= targetsAtOnce) {
            return List.of(new Group(0, all));
        }
        int least = Math.min(targetsAtOnce, net.minUniformTargets(all));
        List<Group> groups = new ArrayList<>();
        for (int from = 0; from < all; from += targetsAtOnce) {
            int end = Math.min(all, from + targetsAtOnce);
            int first = Math.max(0, Math.min(from, end - least));
            groups.add(new Group(first, end - first));
        }
        return groups;
    }

    @Override
    public BufferLayout inputs(Network net) {
        return switch (targets) {
            case HighestLogits highest -> BufferLayout.EMPTY;
            case NamedClasses named ->
                BufferLayout.builder()
                        .add(CLASSES, Shape.of(count(), named.count()))
                        .build();
            case NamedOrHighest either ->
                BufferLayout.builder()
                        .add(NAMED, Shape.of(count(), 1))
                        .add(RANKED, Shape.of(count(), 1))
                        .build();
            case UnitActivation unit -> {
                Shape y = net.activationShape(inputShape(net), unit.layer() + 1);
                yield BufferLayout.builder()
                        .add(SEEDS, Shape.of(count(), 1, y.extent(1), y.extent(2), y.extent(3)))
                        .build();
            }
        };
    }

    @Override
    public BufferLayout results(Network net) {
        BufferLayout.Builder layout = BufferLayout.builder()
                .add(LOGITS, Shape.of(count(), net.config().numClasses()));
        if (targets instanceof HighestLogits || targets instanceof NamedOrHighest) {
            layout.add(CLASSES, Shape.of(count(), targets.count()));
        }
        if (targets instanceof UnitActivation) {
            layout.add(ACTIVATIONS, Shape.of(count(), 1));
        }
        Shape x = net.activationShape(inputShape(net), layer);
        for (Group group : groups(net)) {
            layout.add(group.positions(), Shape.of(count(), group.count(), x.extent(1), x.extent(2)));
            if (perChannel) {
                layout.add(group.channels(), Shape.of(count(), group.count(), x.extent(3), x.extent(1), x.extent(2)));
            }
        }
        return layout.build();
    }

    @Override
    public Body open(Network net, Scope scope) {
        ContributionMap contributions = net.device().contributionMap(scope);
        List<Group> groups = groups(net);
        return (input, inputs, results, own) -> {
            NetPass pass = net.forward(input, Purpose.EXPLANATION, own);
            net.device().elementwise().copy(pass.logits(), results.get(LOGITS));
            if (targets instanceof HighestLogits) {
                net.highest(pass, results.get(CLASSES));
            }
            if (targets instanceof NamedOrHighest) {
                selectClasses(net, pass, contributions, inputs, results.get(CLASSES), own);
            }
            if (targets instanceof UnitActivation unit) {
                // The activation is the sum of the outputs times the seeds, which select one of them.
                Tensor outputs = pass.layers().activation(unit.layer() + 1);
                contributions.forward(outputs, inputs.get(SEEDS), null, null, results.get(ACTIVATIONS));
            }
            Tensor x = pass.layers().activation(layer);
            for (Group group : groups) {
                try (Scope maps = own.child("targets")) {
                    contributions.forward(
                            x,
                            linearMap(net, pass, group, inputs, results, maps),
                            perChannel ? results.get(group.channels()) : null,
                            results.get(group.positions()),
                            null);
                }
            }
        };
    }

    /** {@code classes = highest · ranked + named}, which is exact because all of them are small integers. */
    private void selectClasses(
            Network net, NetPass pass, ContributionMap product, DeviceBuffers inputs, Tensor classes, Scope scope) {
        Tensor highest = net.device().allocate(scope, Shape.of(count(), 1, 1, 1));
        net.highest(pass, highest.reshape(Shape.of(count(), 1)));
        Tensor ranked = inputs.get(RANKED).reshape(Shape.of(count(), 1, 1, 1, 1));
        product.forward(highest, ranked, null, null, classes);
        net.device().elementwise().add(inputs.get(NAMED), 1, classes);
    }

    /** (N, count, H, W, C): the linear map from the explained input to each target of the group. */
    private Tensor linearMap(
            Network net, NetPass pass, Group group, DeviceBuffers inputs, DeviceBuffers results, Scope scope) {
        return switch (targets) {
            case HighestLogits highest ->
                net.backProject(pass, results.get(CLASSES), group.first(), group.count(), layer, scope);
            case NamedOrHighest either ->
                net.backProject(pass, results.get(CLASSES), group.first(), group.count(), layer, scope);
            case NamedClasses named ->
                net.backProject(pass, inputs.get(CLASSES), group.first(), group.count(), layer, scope);
            case UnitActivation unit -> net.backProject(pass, inputs.get(SEEDS), unit.layer(), layer, scope);
        };
    }

    @Override
    public String toString() {
        String what = targets instanceof UnitActivation unit
                ? "one unit of layer " + unit.layer()
                : targets.count() + " classes";
        return "explain " + images + ", " + what;
    }
}
