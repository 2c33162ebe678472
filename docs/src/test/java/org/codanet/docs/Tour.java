package org.codanet.docs;

import java.util.List;
import java.util.Random;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.layer.DynamicAlignmentLayer;
import org.codanet.nn.layer.Initialisation;
import org.codanet.nn.layer.Parameter;
import org.codanet.nn.layer.Passes;
import org.codanet.nn.layer.Sequential;
import org.codanet.nn.op.Adam;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.op.alignment.Norm;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * A CoDA-Net in one file: forward pass, back-projection, the identity between logit and contributions, a gradient checked
 * against finite differences, and one Adam update. It runs on the reference device, whose operations are plain loops.
 *
 * <p>Read it from top to bottom; each method is one section. Run {@link #main} or let {@code TourTest} run it. The formulas are
 * derived in the documentation of the package {@code org.codanet.nn.op.alignment}.
 */
public final class Tour {
    /** Divides the sum over positions, so that logits start small. T in the paper. */
    private static final double TEMPERATURE = 10;

    /** Added to every logit: with K classes and no evidence, the sigmoid should start near 1 / K. */
    private static final double LOGIT_BIAS = -1;

    /** Two images of 8 × 8 positions and 6 channels: red, green, blue and their inverses 1 − red, 1 − green, 1 − blue. */
    private static final Shape IMAGES = Shape.of(2, 8, 8, 6);

    private static final int CLASSES = 3;
    private static final float[] LABELS = {2, 0};

    private final Device device;
    private final Scope run;
    private final Sequential layers;

    /** What the tour found; TourTest checks it. */
    record Findings(double identityError, double gradientError, double lossBefore, double lossAfter) {}

    /** Prints what each section found. */
    public static void main(String[] args) {
        System.out.println(takeTour());
    }

    static Findings takeTour() {
        // The device is opened first and closed last. A scope owns the tensors that are allocated in it, and frees them
        // when it
        // closes.
        try (Device device = Devices.open("reference", DeviceOptions.defaults());
                Scope run = Scope.open("tour")) {
            Tour tour = new Tour(device, run);
            float[] images = tour.randomImages();
            double identityError = tour.explain(images);
            double gradientError = tour.compareGradient(images);
            double before = tour.loss(images);
            tour.update(images);
            return new Findings(identityError, gradientError, before, tour.loss(images));
        }
    }

    /**
     * The network: two layers of dynamic alignment units. Every unit computes a weight vector w from the patch p that it sees,
     * w = B Aᵀ p + b, and outputs y = (w · p) f(|w|²). SQ is the squashing of the paper, f = |w| / (1 + |w|²).
     */
    private Tour(Device device, Scope run) {
        this.device = device;
        this.run = run;
        // Input channels C, units D, rank r, kernel, stride, padding.
        DynamicAlignmentShape first = new DynamicAlignmentShape(6, 5, 4, 3, 1, 1, Norm.SQ, true);
        DynamicAlignmentShape second = new DynamicAlignmentShape(5, CLASSES, 4, 3, 2, 1, Norm.SQ, true);
        this.layers = new Sequential(
                device,
                List.of(
                        new DynamicAlignmentLayer("0", device, run, first),
                        new DynamicAlignmentLayer("1", device, run, second)));
        Initialisation.uniform(layers, device, new Random(1));
        for (Parameter parameter : layers.parameters()) {
            parameter.forTraining(device, run); // a gradient and Adam's two moments, all zero
        }
    }

    // ---- Forward: images to logits
    // ----------------------------------------------------------------------------------------

    /** One forward pass. The activations, and what the later passes need, live as long as {@code scope}. */
    private record Forward(Passes passes, Tensor logits) {}

    private Forward forward(float[] images, Purpose purpose, Scope scope) {
        layers.prepare(purpose); // packs the weights; needed after every change of them
        Passes passes = layers.forward(tensor(images, IMAGES, scope), purpose, scope);
        Tensor logits = device.allocate(scope, Shape.of(IMAGES.extent(0), CLASSES));
        // logit = sum of the last layer's outputs over all positions / T + bias
        device.sumPool(scope).forward(passes.output(), TEMPERATURE, LOGIT_BIAS, logits);
        return new Forward(passes, logits);
    }

    // ---- Back-projection: contributions of every pixel to a logit
    // --------------------------------------------------------

    /**
     * Explains the logit of each image's label, and returns the largest difference between a logit and the sum of its
     * contributions plus the bias.
     */
    private double explain(float[] images) {
        try (Scope scope = run.child("explain")) {
            Forward forward = forward(images, Purpose.EXPLANATION, scope);
            // With the dynamic weights of this pass held constant, the network is linear: logit = W · image + bias.
            // Back-projection
            // starts with 1/T at every position of the explained class and carries it through the layers in reverse.
            // The result is W.
            Tensor targets = tensor(LABELS, Shape.of(2, 1), scope);
            Shape last = forward.passes().output().shape();
            Tensor seeds =
                    device.allocate(scope, Shape.of(last.extent(0), 1, last.extent(1), last.extent(2), last.extent(3)));
            device.sumPool(scope).seed(targets, 0, TEMPERATURE, seeds);
            Tensor map = layers.backProject(forward.passes(), seeds, scope);

            // The contribution of a pixel is its value times its entry of W, summed over its channels.
            Tensor contributions = device.allocate(scope, Shape.of(2, 1, 8, 8));
            device.contributionMap(scope).forward(forward.passes().input(), map, null, contributions, null);

            // The identity: the contributions add up to the logit, up to float rounding. Nothing was estimated.
            float[] logits = values(forward.logits());
            float[] pixels = values(contributions);
            double worst = 0;
            for (int n = 0; n < 2; n++) {
                double sum = LOGIT_BIAS;
                for (int i = 0; i < 64; i++) {
                    sum += pixels[n * 64 + i];
                }
                worst = Math.max(worst, Math.abs(sum - logits[n * CLASSES + (int) LABELS[n]]));
            }
            return worst;
        }
    }

    // ---- Gradient: through the dynamic weights
    // ---------------------------------------------------------------------------

    private double loss(float[] images) {
        try (Scope scope = run.child("loss")) {
            Forward forward = forward(images, Purpose.INFERENCE, scope);
            return lossAndGradient(forward, scope).loss();
        }
    }

    private record LossGradient(double loss, Tensor dLogits) {}

    private LossGradient lossAndGradient(Forward forward, Scope scope) {
        Tensor loss = device.allocate(scope, Shape.of(1));
        Tensor dLogits = device.allocate(scope, forward.logits().shape());
        device.loss(scope, LossKind.BCE)
                .forward(forward.logits(), tensor(LABELS, Shape.of(2), scope), 1, loss, dLogits);
        return new LossGradient(values(loss)[0], dLogits);
    }

    /** Adds dLoss/dθ to the gradient of every parameter θ. Unlike back-projection it differentiates the dynamic weights too. */
    private void addGradient(float[] images) {
        try (Scope scope = run.child("gradient")) {
            Forward forward = forward(images, Purpose.TRAINING, scope);
            LossGradient loss = lossAndGradient(forward, scope);
            Tensor dOutput = device.allocate(scope, forward.passes().output().shape());
            device.sumPool(scope).backward(loss.dLogits(), TEMPERATURE, dOutput);
            layers.backward(forward.passes(), dOutput, null, scope);
        }
    }

    /**
     * Compares the gradient with central differences along a few entries of every parameter; returns the largest difference,
     * relative to the largest gradient.
     */
    private double compareGradient(float[] images) {
        addGradient(images);
        double worst = 0;
        double largest = 0;
        for (Parameter parameter : layers.parameters()) {
            float[] gradient = values(parameter.gradient());
            float[] value = values(parameter.value());
            for (int i = 0; i < value.length; i += 1 + value.length / 5) {
                double step = 1e-2;
                double slope =
                        (lossWith(parameter, value, i, step, images) - lossWith(parameter, value, i, -step, images))
                                / (2 * step);
                worst = Math.max(worst, Math.abs(slope - gradient[i]));
                largest = Math.max(largest, Math.abs(gradient[i]));
            }
            device.elementwise().fill(parameter.gradient(), 0);
        }
        return worst / largest;
    }

    private double lossWith(Parameter parameter, float[] value, int i, double change, float[] images) {
        float[] changed = value.clone();
        changed[i] += (float) change;
        device.upload(changed, parameter.value());
        double loss = loss(images);
        device.upload(value, parameter.value());
        return loss;
    }

    // ---- Adam: one update of all parameters
    // ------------------------------------------------------------------------------

    private void update(float[] images) {
        addGradient(images);
        try (Scope scope = run.child("update")) {
            List<Adam.Slot> slots = layers.parameters().stream()
                    .map(p -> new Adam.Slot(p.value(), p.gradient(), p.mean(), p.variance()))
                    .toList();
            device.adam(scope).step(slots, new Adam.Step(1e-2, 0.9, 0.999, 1e-8, 0, 1, 0), null);
        }
    }

    // ---- Between arrays and tensors
    // --------------------------------------------------------------------------------------

    private float[] randomImages() {
        Random random = new Random(2);
        float[] images = new float[Math.toIntExact(IMAGES.elements())];
        for (int position = 0; position < images.length; position += 6) {
            for (int c = 0; c < 3; c++) {
                images[position + c] = random.nextFloat();
                images[position + c + 3] = 1 - images[position + c];
            }
        }
        return images;
    }

    private Tensor tensor(float[] values, Shape shape, Scope scope) {
        Tensor tensor = device.allocate(scope, shape);
        device.upload(values, tensor);
        return tensor;
    }

    private float[] values(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        device.download(tensor, values);
        return values;
    }
}
