package org.codanet.service;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.explain.ClassRanking;
import org.codanet.explain.ClassScore;
import org.codanet.explain.Explanation;
import org.codanet.model.CodaNetConfig;
import org.codanet.nn.op.LossKind;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;

/** The explanation of one image: plain immutable values on the heap, with nothing to close. */
public final class ExplanationResult {
    private final ModelInfo model;
    private final String device;
    private final Explanation explanation;
    private final List<ClassScore> ranking;
    private final List<IdentityCertificate> certificates;
    private final ImageSize mapSize;
    private final Pixels input;
    private final CallTimings timings;

    /**
     * The result of one call.
     *
     * @param explanation of one image
     * @param mapSize must divide the extents of the explanation
     * @param input the image as the network reads it, which nobody changes any more
     */
    ExplanationResult(
            ModelInfo model,
            LossKind loss,
            String device,
            Explanation explanation,
            ImageSize mapSize,
            Pixels input,
            CallTimings timings) {
        this.model = model;
        this.device = device;
        this.explanation = explanation;
        this.ranking = ClassRanking.of(
                model.config(), loss, logits(explanation), 0, model.config().numClasses());
        this.certificates = IntStream.range(0, explanation.targets())
                .mapToObj(t -> IdentityCertificate.of(explanation, t))
                .toList();
        this.mapSize = mapSize;
        this.input = input;
        this.timings = timings;
    }

    private static float[] logits(Explanation explanation) {
        float[] logits = new float[explanation.classCount()];
        explanation.logits().get(logits);
        return logits;
    }

    /** The model that explained the image. */
    public ModelInfo model() {
        return model;
    }

    /** Name of the device that computed the result, such as {@code cpu}. */
    public String device() {
        return device;
    }

    /** Logits of all K classes, in the network's order; a copy. */
    public float[] logits() {
        return logits(explanation);
    }

    /** Probabilities of all K classes, in the network's order; a copy. */
    public float[] probabilities() {
        float[] probabilities = new float[explanation.classCount()];
        for (int k = 0; k < probabilities.length; k++) {
            probabilities[k] = explanation.probability(0, k);
        }
        return probabilities;
    }

    /** All classes with names, logits and probabilities, in descending order of their logits. */
    public List<ClassScore> ranking() {
        return ranking;
    }

    /** The class with the highest logit. */
    public ClassScore prediction() {
        return ranking.getFirst();
    }

    /** T, the number of maps. */
    public int targets() {
        return explanation.targets();
    }

    /** The explained class of each map. */
    public List<Integer> classes() {
        return explanation.classes(0);
    }

    /** The class whose contributions were subtracted; empty unless two classes are compared. */
    public Optional<Integer> against() {
        return explanation.against();
    }

    /** The name of the class of map t, or of both classes, such as {@code cat against dog}. */
    public String label(int t) {
        CodaNetConfig config = model.config();
        return config.label(classes().get(t))
                + against().map(other -> " against " + config.label(other)).orElse("");
    }

    /** The proof that map t adds up. */
    public IdentityCertificate certificate(int t) {
        return certificates.get(t);
    }

    /** Map t, with the rows and columns that the call asked for. @throws IndexOutOfBoundsException if there is no such map */
    public SignedMap map(int t) {
        return sized(explanation.contributions(0, t));
    }

    /**
     * The contributions of one channel to map t.
     *
     * @throws IllegalStateException if the call did not ask for channels
     * @throws IndexOutOfBoundsException if there is no such map or channel
     */
    public SignedMap map(int t, int channel) {
        return sized(explanation.contributions(0, t, channel));
    }

    /** The channels of the network's input, inverse channels included. */
    public int channels() {
        return explanation.channels();
    }

    /** Whether contributions for each channel were computed. */
    public boolean hasChannels() {
        return explanation.hasChannels();
    }

    /** The whole explanation of the image, with one value for each pixel. */
    public Explanation explanation() {
        return explanation;
    }

    /** The picture as the network reads it, after resizing and cropping. */
    public BufferedImage input() {
        return Picture.ofPlanes(input.values(), 0, input.channels(), input.height(), input.width());
    }

    /** Where the time went. */
    public CallTimings timings() {
        return timings;
    }

    /** Sums blocks of pixels. */
    private SignedMap sized(float[] pixels) {
        int width = explanation.width();
        if (mapSize.height() == explanation.height() && mapSize.width() == width) {
            return SignedMap.of(explanation.height(), width, pixels);
        }
        int rows = explanation.height() / mapSize.height();
        int columns = width / mapSize.width();
        double[] sums = new double[mapSize.height() * mapSize.width()];
        for (int i = 0; i < pixels.length; i++) {
            sums[i / width / rows * mapSize.width() + i % width / columns] += pixels[i];
        }
        float[] values = new float[sums.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) sums[i];
        }
        return SignedMap.of(mapSize.height(), mapSize.width(), values);
    }
}
