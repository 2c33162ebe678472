package org.codanet.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.codanet.nn.device.ByteCount;
import org.codanet.nn.layer.Layer;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Shape;

/**
 * Native memory that a piece of work will hold at its peak, before it runs: found by walking through the same allocations. Images
 * count as float32, which is four times what bytes take. Not counted is what varies images in training: 28 bytes for each
 * step of RandAugment, and working room where the layers' own is less. That is on the CPU one image's input for each thread, and on a GPU,
 * of a network without inverse channels, the images in float32.
 *
 * @param work what is planned
 * @param lines bytes by what they are for, at the moment of the peak
 */
public record MemoryPlan(Work work, List<Line> lines) {
    /** Keeps a copy of the lines. */
    public MemoryPlan {
        lines = List.copyOf(lines);
    }

    /**
     * One entry of the sum.
     *
     * @param name what holds the bytes
     * @param bytes how many
     */
    public record Line(String name, long bytes) {}

    /**
     * What a network is to do at once.
     *
     * @param purpose inference, explanation or training
     * @param batch images at a time
     * @param height of the images, pixels
     * @param width of the images, pixels
     * @param targets classes explained at a time, for each image; 1 where nothing is explained
     * @param perChannel whether contributions are wanted for each channel too
     * @param regularised whether the linear-map regulariser takes part in training
     */
    public record Work(
            Purpose purpose, int batch, int height, int width, int targets, boolean perChannel, boolean regularised) {
        /** @throws IllegalArgumentException if an extent is not positive */
        public Work {
            if (batch < 1 || height < 1 || width < 1 || targets < 1) {
                throw new IllegalArgumentException("memory plan: batch " + batch + ", height " + height + ", width "
                        + width + " and targets " + targets + " must be positive");
            }
        }

        /** Logits only. */
        public static Work inference(int batch, int height, int width) {
            return new Work(Purpose.INFERENCE, batch, height, width, 1, false, false);
        }

        /** Contributions to {@code targets} classes of each image. */
        public static Work explanation(int batch, int height, int width, int targets, boolean perChannel) {
            return new Work(Purpose.EXPLANATION, batch, height, width, targets, perChannel, false);
        }

        /** One micro-batch, forward and backward. */
        public static Work training(int batch, int height, int width, boolean regularised) {
            return new Work(Purpose.TRAINING, batch, height, width, 1, false, regularised);
        }

        /** The same for another number of images. */
        public Work withBatch(int images) {
            return new Work(purpose, images, height, width, targets, perChannel, regularised);
        }

        /** The same for another number of classes at a time. */
        public Work withTargets(int classes) {
            return new Work(purpose, batch, height, width, classes, perChannel, regularised);
        }
    }

    /** The plan of a network for some work. @throws IllegalArgumentException if the images do not fit the network */
    public static MemoryPlan of(CodaNet net, Work work) {
        long weights = 0;
        for (Parameter parameter : net.parameters()) {
            weights += parameter.value().shape().bytes();
        }
        long prepared = 0;
        for (Layer layer : net.layers()) {
            prepared += layer.preparedBytes(work.purpose(), work.targets());
        }
        boolean trained = work.purpose() == Purpose.TRAINING || net.isForTraining();
        Walk walk = new Walk(net, work);
        walk.run();
        List<Line> lines = new ArrayList<>();
        lines.add(new Line("weights", weights));
        if (trained) {
            lines.add(new Line("gradients", weights));
            lines.add(new Line("moments of Adam", 2 * weights));
        }
        lines.add(new Line("derived from the weights", prepared));
        lines.add(new Line("input", walk.peak[Walk.INPUT]));
        lines.add(new Line("activations", walk.peak[Walk.ACTIVATIONS]));
        if (work.purpose() != Purpose.INFERENCE) {
            lines.add(new Line("kept for the way back", walk.peak[Walk.STATES]));
            lines.add(new Line(
                    work.purpose() == Purpose.TRAINING ? "gradients on the way back" : "linear maps and contributions",
                    walk.peak[Walk.BACK]));
        }
        lines.add(new Line("working room", walk.workspace() + net.device().libraryBytes()));
        if (work.regularised()) {
            lines.add(new Line("regulariser", walk.peak[Walk.REGULARISER]));
        }
        return new MemoryPlan(work, lines);
    }

    /** Bytes at the peak. */
    public long totalBytes() {
        return lines.stream().mapToLong(Line::bytes).sum();
    }

    /**
     * The most images, up to {@code atMost}, that can be worked on at once within a budget, a thirty-second of which is left for what
     * plans do not count unless not even one image would fit otherwise.
     *
     * @param work whose batch is ignored
     * @param budgetBytes 0 sets no bound
     * @throws IllegalArgumentException if not even one image fits
     */
    public static int largestBatch(CodaNet net, Work work, long budgetBytes, int atMost) {
        if (budgetBytes == 0) {
            return atMost;
        }
        int fits = imagesWithin(net, work, budgetBytes - budgetBytes / 32, atMost);
        if (fits > 0) {
            return fits;
        }
        long one = of(net, work.withBatch(1)).totalBytes();
        if (one > budgetBytes) {
            throw new IllegalArgumentException("memory: " + ByteCount.text(budgetBytes)
                    + " do not hold one image at a time, which takes " + ByteCount.text(one) + " for "
                    + work.purpose().name().toLowerCase(Locale.ROOT));
        }
        return 1;
    }

    /**
     * The most images, up to {@code atMost}, whose plan is within so many bytes; 0 if not even one image's is.
     *
     * @param work whose batch is ignored
     */
    public static int imagesWithin(CodaNet net, Work work, long bytes, int atMost) {
        if (of(net, work.withBatch(atMost)).totalBytes() <= bytes) {
            return atMost;
        }
        int fits = 0;
        int tooMany = atMost;
        while (tooMany - fits > 1) {
            int middle = (fits + tooMany) >>> 1;
            if (of(net, work.withBatch(middle)).totalBytes() <= bytes) {
                fits = middle;
            } else {
                tooMany = middle;
            }
        }
        return fits;
    }

    /** Allocates and gives back on paper what the work allocates and gives back on the device. */
    private static final class Walk {
        static final int INPUT = 0;
        static final int ACTIVATIONS = 1;
        static final int STATES = 2;
        static final int BACK = 3;
        static final int REGULARISER = 4;
        private static final int KINDS = 5;

        private final CodaNet net;
        private final Work work;
        private final List<Shape> inputs = new ArrayList<>();
        private final List<Shape> outputs = new ArrayList<>();
        private final long[] live = new long[KINDS];
        private long[] peak = new long[KINDS];

        Walk(CodaNet net, Work work) {
            this.net = net;
            this.work = work;
            Shape shape = net.inputShape(work.batch(), work.height(), work.width());
            for (Layer layer : net.layers()) {
                inputs.add(shape);
                shape = layer.outputShape(shape);
                outputs.add(shape);
            }
        }

        void run() {
            Shape x = inputs.getFirst();
            hold(INPUT, x.bytes() / x.extent(3) * net.config().imageChannels());
            hold(INPUT, x.bytes());
            // Of the logits there is one copy to be read and one to be worked on.
            hold(ACTIVATIONS, logits());
            if (work.purpose() == Purpose.EXPLANATION) {
                hold(BACK, contributions());
            }
            forward();
            switch (work.purpose()) {
                case INFERENCE -> {}
                case EXPLANATION -> explain();
                case TRAINING -> train();
            }
        }

        private void forward() {
            for (int i = 0; i < outputs.size(); i++) {
                hold(ACTIVATIONS, outputs.get(i).bytes());
                if (work.purpose() == Purpose.INFERENCE) {
                    hold(ACTIVATIONS, i > 0 ? -outputs.get(i - 1).bytes() : 0);
                } else {
                    hold(STATES, stateBytes(i));
                }
            }
            hold(ACTIVATIONS, logits());
        }

        private long logits() {
            return Shape.of(work.batch(), net.config().numClasses()).bytes();
        }

        private long contributions() {
            Shape x = inputs.getFirst();
            long maps = x.bytes() * work.targets();
            return maps / x.extent(3) + (work.perChannel() ? maps : 0);
        }

        private void explain() {
            hold(BACK, outputs.getLast().bytes() * work.targets());
            walkBack(work.targets(), true);
            hold(BACK, -outputs.getLast().bytes() * work.targets());
        }

        private void train() {
            hold(BACK, outputs.getLast().bytes());
            long inner = 0;
            if (work.regularised()) {
                inner = regularise();
            }
            walkBack(1, false);
            hold(REGULARISER, -inner);
        }

        /** From the last layer down: what a layer reads from above is given back when it has written what lies below. */
        private void walkBack(int functionals, boolean toInput) {
            long above = 0;
            for (int i = inputs.size() - 1; i >= (toInput ? 0 : 1); i--) {
                long below = inputs.get(i).bytes() * functionals;
                hold(BACK, below);
                hold(BACK, -above);
                above = below;
            }
            hold(BACK, toInput ? 0 : -above);
        }

        /** Maps of one class at every layer; returns what stays for the way back: seeds and gradients of inner activations. */
        private long regularise() {
            long chain = 0;
            long inner = 2 * outputs.getLast().bytes();
            for (int i = 0; i < inputs.size(); i++) {
                chain += inputs.get(i).bytes();
                inner += i > 0 ? inputs.get(i).bytes() : 0;
            }
            hold(REGULARISER, inner + chain);
            hold(REGULARISER, -chain);
            return inner;
        }

        /** Layers share it, so the one that needs the most decides. */
        long workspace() {
            long most = 0;
            boolean gradientAlone = work.purpose() == Purpose.TRAINING && !work.regularised();
            int functionals = gradientAlone ? 0 : work.targets();
            for (int i = 0; i < inputs.size(); i++) {
                most = Math.max(most, net.layers().get(i).workspaceBytes(inputs.get(i), work.purpose(), functionals));
            }
            return most;
        }

        private long stateBytes(int layer) {
            return net.layers().get(layer).passBytes(inputs.get(layer), work.purpose());
        }

        private void hold(int kind, long bytes) {
            live[kind] += bytes;
            if (sum(live) > sum(peak)) {
                peak = live.clone();
            }
        }

        private static long sum(long[] values) {
            long total = 0;
            for (long value : values) {
                total += value;
            }
            return total;
        }
    }
}
