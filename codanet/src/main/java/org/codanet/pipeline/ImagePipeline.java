package org.codanet.pipeline;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.codanet.data.batch.ImageBatch;
import org.codanet.data.decode.Images;
import org.codanet.data.image.Pixels;
import org.codanet.evaluate.Evaluator;
import org.codanet.explain.ClassRanking;
import org.codanet.explain.ClassScore;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.IdentityCheck;
import org.codanet.explain.Target;
import org.codanet.file.FileFormatException;
import org.codanet.input.BufferedPixels;
import org.codanet.input.ImageChunk;
import org.codanet.input.PicturePreparation;
import org.codanet.model.CodaNet;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.report.ExplainedImage;
import org.codanet.report.PageImages;

/**
 * Classifies and explains pictures with a trained model. Pictures of any size are prepared as the command line prepares them: Exif
 * orientation, channels, resizing and centre crop, as the model's {@link Preprocessing} says. The results are the same as those of
 * {@code codanet predict} and {@code codanet explain}. Every explanation is checked: if contributions and bias do not add up to the
 * logit within the rounding limit, {@code explain} throws an {@link IllegalStateException}.
 *
 * <p>Thread-safe: calls are serialised on the device. The pipeline must be closed before its device.
 */
public final class ImagePipeline implements AutoCloseable {
    private final Scope scope;
    private final CodaNet net;
    private final PicturePreparation preparation;
    private final Explainer explainer;
    private final Evaluator evaluator;

    private ImagePipeline(ModelFile model, Preprocessing preprocessing, Device device) {
        model.config().requireExtents(preprocessing.height(), preprocessing.width());
        this.preparation = new PicturePreparation(preprocessing);
        this.scope = Scope.open("pipeline");
        try {
            this.net = CodaNet.load(model, device, scope);
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
        this.explainer = new Explainer(net);
        this.evaluator = new Evaluator(net, 0);
    }

    /**
     * Uploads a model to a device.
     *
     * @param model from {@link ModelFile#read(Path)} or {@code BundledModel.read()}
     * @param device that runs the network; it stays open when the pipeline is closed
     * @throws IllegalArgumentException if the model does not record the size of its images. Files of other programs do not; use {@link
     *     #open(ModelFile, Preprocessing, Device)} for them
     */
    public static ImagePipeline open(ModelFile model, Device device) {
        return new ImagePipeline(
                model,
                model.preprocessing()
                        .orElseThrow(
                                () -> new IllegalArgumentException("pipeline: the model does not record the size of its"
                                        + " images; open the pipeline with a Preprocessing")),
                device);
    }

    /**
     * Uploads a model that does not record the size of its images.
     *
     * @param preprocessing the channels and extents of the images that the model was trained on
     * @throws IllegalArgumentException if the model records another preprocessing, or reads another number of channels
     */
    public static ImagePipeline open(ModelFile model, Preprocessing preprocessing, Device device) {
        if (model.preprocessing().isPresent() && !model.preprocessing().get().equals(preprocessing)) {
            throw new IllegalArgumentException("pipeline: the model records "
                    + model.preprocessing().get() + ", but " + preprocessing + " is given");
        }
        if (preprocessing.channels() != model.config().imageChannels()) {
            throw new IllegalArgumentException(
                    "pipeline: the model reads images of " + model.config().imageChannels()
                            + " channels, but the preprocessing has " + preprocessing.channels());
        }
        return new ImagePipeline(model, preprocessing, device);
    }

    /**
     * Explains a picture file.
     *
     * @param picture JPEG, PNG, GIF or BMP of any size
     * @param target which classes to explain
     * @return the prepared image, its classes in descending order of their logits, and one map per explained class
     * @throws FileFormatException if the file is missing or damaged
     */
    public ExplainedImage explain(Path picture, Target target) throws IOException {
        return explain(picture.toString(), Images.read(picture), target);
    }

    /**
     * Explains the bytes of a picture file.
     *
     * @param name used in error messages and results
     * @param encoded the bytes of a JPEG, PNG, GIF or BMP file
     * @throws FileFormatException if they are not a valid picture
     */
    public ExplainedImage explain(String name, byte[] encoded, Target target) throws IOException {
        return explain(name, Images.decode(name, encoded), target);
    }

    /**
     * Explains an AWT image of any size.
     *
     * @param picture upright: a {@code BufferedImage} has no Exif orientation
     */
    public ExplainedImage explain(BufferedImage picture, Target target) {
        return explain("image", BufferedPixels.of(picture), target);
    }

    private ExplainedImage explain(String name, Pixels picture, Target target) {
        ImageChunk chunk = ImageChunk.of(List.of(preparation.prepare(picture)), List.of(name));
        return explained(chunk, target).getFirst();
    }

    /**
     * Explains images that are already prepared. They are not resized.
     *
     * @param images (N, C, H, W) in [0, 1], with exactly the channels and extents of {@link #preprocessing}
     * @throws IllegalArgumentException if channels or extents differ
     */
    public List<ExplainedImage> explainPixels(ImageBatch images, Target target) {
        return explained(chunk(images), target);
    }

    private List<ExplainedImage> explained(ImageChunk images, Target target) {
        Explanation explanation = explainer.explain(images.batch(), target);
        IdentityCheck.require(explanation, images.names(), net.config());
        List<ExplainedImage> results = new ArrayList<>();
        for (int n = 0; n < images.count(); n++) {
            results.add(PageImages.of(net.config(), net.loss(), images, explanation, n, OptionalInt.empty()));
        }
        return results;
    }

    /**
     * Classifies a picture file, as {@link #explain(Path, Target)} reads it.
     *
     * @return all classes in descending order of their logits
     */
    public List<ClassScore> classify(Path picture) throws IOException {
        return classify(picture.toString(), Images.read(picture));
    }

    /** Classifies the bytes of a picture file, as {@link #explain(String, byte[], Target)} reads them. */
    public List<ClassScore> classify(String name, byte[] encoded) throws IOException {
        return classify(name, Images.decode(name, encoded));
    }

    /** Classifies an AWT image, as {@link #explain(BufferedImage, Target)} reads it. */
    public List<ClassScore> classify(BufferedImage picture) {
        return classify("image", BufferedPixels.of(picture));
    }

    private List<ClassScore> classify(String name, Pixels picture) {
        return classified(ImageChunk.of(List.of(preparation.prepare(picture)), List.of(name)))
                .getFirst();
    }

    /**
     * Classifies images that are already prepared. They are not resized.
     *
     * @param images (N, C, H, W) in [0, 1], with exactly the channels and extents of {@link #preprocessing}
     * @return for each image all classes in descending order of their logits
     * @throws IllegalArgumentException if channels or extents differ
     */
    public List<List<ClassScore>> classifyPixels(ImageBatch images) {
        return classified(chunk(images));
    }

    private List<List<ClassScore>> classified(ImageChunk images) {
        float[] logits = evaluator.logits(images.values(), images.shape());
        List<List<ClassScore>> results = new ArrayList<>();
        for (int n = 0; n < images.count(); n++) {
            results.add(ClassRanking.of(
                    net.config(), net.loss(), logits, n, net.config().numClasses()));
        }
        return results;
    }

    private ImageChunk chunk(ImageBatch images) {
        if (!images.shape().equals(preparation.shape(images.count()))) {
            throw new IllegalArgumentException("pipeline: pixels are " + images.shape() + ", but the model reads "
                    + preparation.shape(images.count()) + "; give the picture to explain or classify, which resize it");
        }
        List<String> names = new ArrayList<>();
        for (int n = 0; n < images.count(); n++) {
            names.add("image " + n);
        }
        return new ImageChunk(images.values(0, images.count()), images.shape(), List.copyOf(names));
    }

    /** The channels and extents to which pictures are prepared. */
    public Preprocessing preprocessing() {
        return preparation.network();
    }

    /** The network. It belongs to the pipeline. */
    public CodaNet net() {
        return net;
    }

    /** Frees the weights. The device stays open. */
    @Override
    public void close() {
        scope.close();
    }
}
