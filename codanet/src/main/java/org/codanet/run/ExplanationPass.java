package org.codanet.explain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.codanet.data.batch.RawImages;
import org.codanet.model.CodaNet;
import org.codanet.model.NetInput;
import org.codanet.model.NetPass;
import org.codanet.model.NetStep;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.ContributionMap;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * Explanations of one shape on tensors of their own: images and classes in, logits, classes and contributions out in one copy.
 * Classes that follow from the logits are found on the device, so that nothing waits between the pass and the way back.
 */
final class ExplanationStep {
    private final CodaNet net;
    private final Device device;
    private final Scope scope;
    private final Request request;
    private final NetInput images;
    private final Tensor classes;
    private final ContributionMap contributions;
    private final Tensor results;
    private final List<Group> groups = new ArrayList<>();
    private final int logitCount;
    private final int classCount;
    private final NetStep step;

    /**
     * What is wanted of each image.
     *
     * @param images how they come
     * @param detail which layer's input is explained, and how finely
     * @param ranked whether the classes are those with the highest logits, rather than named
     * @param width classes of each image
     * @param atOnce how many of them are back-projected at a time
     */
    record Request(RawImages.Form images, Detail detail, boolean ranked, int width, int atOnce) {
        @Override
        public String toString() {
            return "explain " + images + ", " + width + " classes";
        }
    }

    /**
     * Classes back-projected together, and where their contributions are in the results.
     *
     * @param first column of the first
     * @param shape of the contributions to positions, (N, T, H, W)
     * @param channels of the explained activation
     * @param positionsAt index of the contributions of positions
     * @param channelsAt index of those of channels; -1 if they are not wanted
     */
    record Group(int first, Shape shape, int channels, int positionsAt, int channelsAt) {
        /** Contributions of {@code targets} classes to an activation (N, H, W, C), in results from {@code at} on. */
        static Group of(int first, int targets, Shape activation, boolean perChannel, int at) {
            Shape shape = Shape.of(activation.extent(0), targets, activation.extent(1), activation.extent(2));
            int behind = Math.addExact(at, Math.toIntExact(shape.elements()));
            return new Group(first, shape, activation.extent(3), at, perChannel ? behind : -1);
        }

        int targets() {
            return shape.extent(1);
        }

        /** Where the results end. */
        int end() {
            Shape last = channelsAt < 0 ? shape : perChannel();
            return Math.addExact(Math.max(positionsAt, channelsAt), Math.toIntExact(last.elements()));
        }

        /** Writes the contributions of an activation by the linear maps of the group's classes. */
        void write(ContributionMap operation, Tensor x, Tensor map, Tensor results) {
            operation.forward(
                    x,
                    map,
                    channelsAt < 0 ? null : part(results, channelsAt, perChannel()),
                    part(results, positionsAt, shape),
                    null);
        }

        private Shape perChannel() {
            return Shape.of(shape.extent(0), targets(), channels, shape.extent(2), shape.extent(3));
        }

        private static Tensor part(Tensor results, int at, Shape shape) {
            return results.slice(at, Math.toIntExact(shape.elements())).reshape(shape);
        }
    }

    /**
     * What one run gave.
     *
     * @param logits (N, K)
     * @param classes of each image, in the order of its contributions
     * @param groups of classes, in the order of the classes
     * @param all everything, with the contributions where the groups say
     */
    record Outcome(float[] logits, List<List<Integer>> classes, List<Group> groups, float[] all) {}

    /**
     * A step that has not run yet.
     *
     * @param overlap classes that a last group has at least, some of the one before it among them
     * @param scope owner of everything
     */
    ExplanationStep(CodaNet net, Request request, int overlap, Scope scope) {
        this.net = net;
        this.device = net.device();
        this.scope = scope;
        this.request = request;
        Shape shape = request.images().shape();
        int n = shape.extent(0);
        this.images = new NetInput(net, request.images(), scope);
        this.contributions = device.contributionMap(scope);
        this.logitCount = n * net.config().numClasses();
        this.classCount = request.ranked() ? n * request.width() : 0;
        Shape explained = net.activationShape(
                net.inputShape(n, shape.extent(2), shape.extent(3)),
                request.detail().layer());
        int end = logitCount + classCount;
        for (int from = 0; from < request.width(); from += request.atOnce()) {
            int last = Math.min(request.width(), from + request.atOnce());
            // A last group that is too small takes some classes of the one before it along.
            int first = Math.max(0, Math.min(from, last - Math.min(request.atOnce(), overlap)));
            boolean perChannel = request.detail().perChannel();
            groups.add(Group.of(first, last - first, explained, perChannel, end));
            end = groups.getLast().end();
        }
        this.results = device.allocate(scope, Shape.of(end));
        this.classes = request.ranked()
                ? results.slice(logitCount, classCount).reshape(Shape.of(n, request.width()))
                : device.allocate(scope, Shape.of(n, request.width()));
        this.step = new NetStep(device, scope, this::queue);
    }

    /**
     * Explains some images.
     *
     * @param values of the request's form
     * @param named the classes of each image; empty if they are ranked
     */
    Outcome run(RawImages values, List<List<Integer>> named) {
        images.upload(values);
        if (!request.ranked()) {
            float[] numbers = new float[Math.toIntExact(classes.shape().elements())];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = named.get(i / request.width()).get(i % request.width());
            }
            device.upload(numbers, classes);
        }
        net.prepare(Purpose.EXPLANATION);
        step.run();
        float[] all = new float[Math.toIntExact(results.shape().elements())];
        device.download(results, all);
        return new Outcome(Arrays.copyOf(all, logitCount), request.ranked() ? ranked(all) : named, groups, all);
    }

    private List<List<Integer>> ranked(float[] all) {
        List<List<Integer>> result = new ArrayList<>();
        for (int from = logitCount; from < logitCount + classCount; from += request.width()) {
            List<Integer> ofImage = new ArrayList<>();
            for (int t = 0; t < request.width(); t++) {
                ofImage.add((int) all[from + t]);
            }
            result.add(ofImage);
        }
        return result;
    }

    private void queue() {
        try (Scope own = scope.child("pass")) {
            NetPass pass = net.forward(images.write(own), Purpose.EXPLANATION, own);
            device.elementwise().copy(pass.logits(), results.slice(0, logitCount));
            if (request.ranked()) {
                net.highest(pass, classes);
            }
            Tensor x = pass.layers().activation(request.detail().layer());
            for (Group group : groups) {
                try (Scope targets = own.child("targets")) {
                    Tensor map = net.backProject(
                            pass,
                            classes,
                            group.first(),
                            group.targets(),
                            request.detail().layer(),
                            targets);
                    group.write(contributions, x, map, results);
                }
            }
        }
    }
}
