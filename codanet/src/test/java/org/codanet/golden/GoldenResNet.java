package org.codanet.golden;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.codanet.data.batch.RawImages;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.model.Experiments;
import org.codanet.model.ModelFile;
import org.codanet.model.NetworkConfig;
import org.codanet.model.Networks;
import org.codanet.model.ResNet;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;

/**
 * Golden values of a ResNet. A committed file holds its weights and its config. A file of the authors' networks names a public checkpoint,
 * which lies beside it or in {@code ../weights}.
 *
 * @param file the golden file
 * @param model the network
 */
public record GoldenResNet(GoldenFile file, ModelFile model) {
    private static final String WEIGHTS = "weights.";

    /** {@return all golden ResNets whose weights are there, in the order of their names} */
    public static Stream<GoldenResNet> all() {
        return GoldenFolder.ofKind("eval_explainers_resnet")
                .flatMap(file -> model(file).map(model -> new GoldenResNet(file, model)).stream());
    }

    private static Optional<ModelFile> model(GoldenFile file) {
        if (file.config().has("network")) {
            NetworkConfig config =
                    NetworkConfig.fromJson(file.config().get("network").toString());
            Map<String, TensorData> weights = new LinkedHashMap<>();
            for (String name : file.content().names()) {
                if (name.startsWith(WEIGHTS)) {
                    weights.put(name.substring(WEIGHTS.length()), file.tensor(name));
                }
            }
            return Optional.of(
                    new ModelFile(config, new NamedTensors(weights), Optional.empty(), Optional.empty(), Map.of()));
        }
        NetworkConfig config =
                Experiments.named("ResNet-" + file.integer("depth")).network();
        Path folder = file.path().toAbsolutePath().getParent();
        return Stream.of(folder, folder.resolveSibling("weights"))
                .map(at -> at.resolve(file.text("checkpoint")))
                .filter(Files::exists)
                .findFirst()
                .map(checkpoint -> {
                    try {
                        return ModelFile.read(checkpoint, Optional.of(config), false);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    /** {@return the network on a device; its probabilities are sigmoids, as in the published evaluation} */
    public ResNet open(Device device, Scope scope) {
        return (ResNet) Networks.of(model.config(), LossKind.BCE, model.weights(), device, scope);
    }

    /** {@return images of the file, bytes divided by 255} */
    public RawImages.Floats images(String name) {
        List<Integer> shape = file.shape(name);
        float[] values = file.floats(name);
        for (int i = 0; i < values.length; i++) {
            values[i] /= 255;
        }
        return new RawImages.Floats(
                values, Shape.of(shape.stream().mapToInt(Integer::intValue).toArray()));
    }

    /** {@return N lists of classes} */
    public List<List<Integer>> targets() {
        int width = file.shape("targets").get(1);
        List<List<Integer>> targets = new ArrayList<>();
        long[] all = file.longs("targets");
        for (int at = 0; at < all.length; at += width) {
            List<Integer> ofImage = new ArrayList<>();
            for (int t = 0; t < width; t++) {
                ofImage.add(Math.toIntExact(all[at + t]));
            }
            targets.add(ofImage);
        }
        return targets;
    }

    /** {@return the name, for the names of parameterized tests} */
    @Override
    public String toString() {
        return file.name();
    }
}
