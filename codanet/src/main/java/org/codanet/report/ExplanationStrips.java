package org.codanet.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.codanet.attribution.AttributedNetwork;
import org.codanet.attribution.Attribution;
import org.codanet.attribution.AttributionMethod;
import org.codanet.data.batch.RawImages;
import org.codanet.explain.Detail;
import org.codanet.explain.DynamicWeights;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.IdentityCheck;
import org.codanet.explain.Target;
import org.codanet.input.ImageChunk;
import org.codanet.model.CodaNet;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;
import org.codanet.render.WeightPicture;

/**
 * Other pictures of an explanation than a map: methods side by side, the contributions of each layer, and the dynamic weights in colours. Not
 * thread-safe.
 */
public final class ExplanationStrips {
    private static final int SIDE = 224;
    private static final int GAP = 8;

    private final ExplanationFolder folder;
    private final CodaNet net;
    private final Optional<ColourRange> fixedRange;
    private final ComparisonGallery.Scale scale;
    private final Map<String, ColourRange> ranges = new HashMap<>();

    /**
     * Pictures in a folder.
     *
     * @param fixedRange the contribution that full colour stands for in strips of layers; if empty, each map has its own range
     * @param scale which maps share a range in strips of methods; a range that all images share follows from the first images
     */
    public ExplanationStrips(
            ExplanationFolder folder, CodaNet net, Optional<ColourRange> fixedRange, ComparisonGallery.Scale scale) {
        this.folder = folder;
        this.net = net;
        this.fixedRange = fixedRange;
        this.scale = scale;
    }

    /** Writes the input and one map of each method side by side, for each image and class. */
    public void addMethods(
            ImageChunk chunk,
            AttributedNetwork network,
            Map<String, AttributionMethod> methods,
            List<List<Integer>> targets)
            throws IOException {
        RawImages.Floats images = new RawImages.Floats(chunk.values(), chunk.shape());
        Map<String, Attribution> attributions = new LinkedHashMap<>();
        methods.forEach((name, method) -> attributions.put(name, method.attribute(network, images, targets)));
        attributions.forEach((name, attribution) -> ranges.computeIfAbsent(name, _ -> range(chunk, attribution)));
        for (int n = 0; n < chunk.count(); n++) {
            for (int t = 0; t < targets.get(n).size(); t++) {
                List<BufferedImage> maps = new ArrayList<>();
                for (Map.Entry<String, Attribution> method : attributions.entrySet()) {
                    SignedMap map = map(chunk, method.getValue(), n, t);
                    ColourRange range =
                            scale == ComparisonGallery.Scale.FIXED ? ranges.get(method.getKey()) : ColourRange.of(map);
                    maps.add(ContributionPicture.colours(map, range));
                }
                int target = targets.get(n).get(t);
                String label = net.config().label(target);
                folder.addPicture(
                        chunk.names().get(n),
                        "strip",
                        target,
                        new ComparisonGallery.Row(label, input(chunk, n), maps).strip());
            }
        }
    }

    private static ColourRange range(ImageChunk chunk, Attribution attribution) {
        List<SignedMap> maps = new ArrayList<>();
        for (int n = 0; n < chunk.count(); n++) {
            for (int t = 0; t < attribution.shape().extent(1); t++) {
                maps.add(map(chunk, attribution, n, t));
            }
        }
        return ColourRange.overSet(maps);
    }

    private static SignedMap map(ImageChunk chunk, Attribution attribution, int n, int t) {
        return SignedMap.of(chunk.shape().extent(2), chunk.shape().extent(3), attribution.map(n, t));
    }

    /**
     * Writes the input, then the contributions of the pixels and of the activations that each further layer reads, side by side. The maps
     * of all layers add up to the same logit.
     */
    public void addLayers(ImageChunk chunk, Explainer explainer, List<List<Integer>> targets) throws IOException {
        List<Explanation> layers = new ArrayList<>();
        for (int layer = 0; layer < net.layers().size(); layer++) {
            Explanation explanation =
                    explainer.explain(chunk.batch(), new Target.ClassesPerImage(targets), new Detail(layer, false));
            IdentityCheck.require(explanation, chunk.names(), net.config());
            layers.add(explanation);
        }
        for (int n = 0; n < chunk.count(); n++) {
            for (int t = 0; t < targets.get(n).size(); t++) {
                List<BufferedImage> row = new ArrayList<>();
                row.add(large(input(chunk, n)));
                for (Explanation layer : layers) {
                    SignedMap map = SignedMap.of(layer.height(), layer.width(), layer.contributions(n, t));
                    row.add(large(ContributionPicture.colours(map, fixedRange.orElseGet(() -> ColourRange.of(map)))));
                }
                folder.addPicture(chunk.names().get(n), "layers", targets.get(n).get(t), Picture.sideBySide(row, GAP));
            }
        }
    }

    /** Writes the dynamic weights of each image and class in colours, as a PNG with transparency. */
    public void addWeights(ImageChunk chunk, List<List<Integer>> targets) throws IOException {
        RawImages.Floats images = new RawImages.Floats(chunk.values(), chunk.shape());
        for (int n = 0; n < chunk.count(); n++) {
            for (int target : targets.get(n)) {
                RawImages.Floats image = (RawImages.Floats) images.part(n, 1);
                DynamicWeights weights = DynamicWeights.of(net, image.values(), image.shape(), target);
                BufferedImage picture =
                        WeightPicture.of(weights.weights(), weights.contributions(), weights.height(), weights.width());
                folder.addPicture(
                        chunk.names().get(n),
                        "weights",
                        target,
                        WeightPicture.enlarged(picture, Picture.factorFor(picture, SIDE)));
            }
        }
    }

    private static BufferedImage input(ImageChunk chunk, int n) {
        int channels = chunk.shape().extent(1);
        int height = chunk.shape().extent(2);
        int width = chunk.shape().extent(3);
        return Picture.ofPlanes(chunk.values(), n * channels * height * width, channels, height, width);
    }

    private static BufferedImage large(BufferedImage picture) {
        return Picture.enlarged(picture, Picture.factorFor(picture, SIDE));
    }
}
