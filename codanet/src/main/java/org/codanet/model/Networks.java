package org.codanet.model;

import java.util.Optional;
import org.codanet.file.NamedTensors;
import org.codanet.nn.device.Device;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.codanet.recipe.TrainingRecipe;

/** Creates networks of any architecture. */
public final class Networks {
    private Networks() {}

    /**
     * A network with random weights, which depend on nothing but the seed.
     *
     * @param loss with which the network will be trained
     * @param parent owner of the weights, until {@link Network#close}
     */
    public static Network create(NetworkConfig config, LossKind loss, Device device, Scope parent, long seed) {
        return of(config, loss, DefaultWeights.of(config, seed), Optional.empty(), device, parent);
    }

    /**
     * A network with given weights.
     *
     * @param loss with which the network was trained; it decides how logits become probabilities
     * @param weights under the keys of the network's files
     * @param parent owner of the weights, until {@link Network#close}
     * @throws IllegalArgumentException naming the first weight that is missing or has other extents than the config says
     */
    public static Network of(NetworkConfig config, LossKind loss, NamedTensors weights, Device device, Scope parent) {
        return of(config, loss, weights, Optional.empty(), device, parent);
    }

    static Network of(
            NetworkConfig config,
            LossKind loss,
            NamedTensors weights,
            Optional<Preprocessing> preprocessing,
            Device device,
            Scope parent) {
        Network net = switch (config) {
            case CodaNetConfig coda -> new CodaNet(coda, loss, preprocessing, device, parent);
            case ResNetConfig residual -> new ResNet(residual, loss, preprocessing, device, parent);
        };
        try {
            NetWeights.upload(net, weights);
        } catch (RuntimeException e) {
            net.close();
            throw e;
        }
        return net;
    }

    /**
     * The network of a model file. If the file holds the {@link Preprocessing}, the network accepts only images of its extents.
     *
     * @param parent owner of the weights, until {@link Network#close}
     */
    public static Network load(ModelFile file, Device device, Scope parent) {
        return of(file.config(), loss(file), file.weights(), file.preprocessing(), device, parent);
    }

    /**
     * The network of a model file, for images of any extents, such as grids of images. Its logits for images of other extents than those
     * it was trained on do not mean what they mean for those.
     *
     * @param parent owner of the weights, until {@link Network#close}
     */
    public static Network loadForAnyExtents(ModelFile file, Device device, Scope parent) {
        return of(file.config(), loss(file), file.weights(), device, parent);
    }

    private static LossKind loss(ModelFile file) {
        // Files of other programs do not contain the loss.
        return file.recipe().map(TrainingRecipe::loss).orElse(file.config().usualLoss());
    }
}
