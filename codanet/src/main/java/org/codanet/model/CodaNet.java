package org.codanet.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.file.NamedTensors;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.DynamicAlignmentLayer;
import org.codanet.nn.layer.Layer;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.DynamicAlignmentShape;
import org.codanet.nn.tensor.Scope;

/**
 * The paper's network: dynamic alignment layers, then the sum over positions, divided by the temperature, plus the logit bias.
 *
 * <p>For a given input the whole network is a linear map W_k for each class, with {@code Σ input · W_k + bias = logit_k}. {@link
 * #backProject} computes that map, and {@code org.codanet.explain.Explainer} the contributions. Source: Böhle, Fritz, Schiele, CVPR
 * 2021.
 */
public final class CodaNet extends Network {
    private final CodaNetConfig config;

    CodaNet(CodaNetConfig config, LossKind loss, Optional<Preprocessing> preprocessing, Device device, Scope parent) {
        super(config, loss, preprocessing, device, parent, (on, scope) -> layers(config, on, scope));
        this.config = config;
    }

    private static List<Layer> layers(CodaNetConfig config, Device device, Scope scope) {
        List<Layer> layers = new ArrayList<>();
        for (LayerConfig layer : config.layers()) {
            DynamicAlignmentShape shape = new DynamicAlignmentShape(
                    layer.inChannels(),
                    layer.outChannels(),
                    layer.rank(),
                    layer.kernel(),
                    layer.stride(),
                    layer.padding(),
                    layer.norm(),
                    layer.bias());
            layers.add(new DynamicAlignmentLayer(Integer.toString(layers.size()), device, scope, shape));
        }
        return List.copyOf(layers);
    }

    /**
     * A network with PyTorch's default initialisation, U(±1/√fan_in). The weights depend on nothing but the seed.
     *
     * @param loss with which the network will be trained
     * @param parent owner of the weights, until {@link #close}
     */
    public static CodaNet create(CodaNetConfig config, LossKind loss, Device device, Scope parent, long seed) {
        return of(config, loss, DefaultWeights.of(config, seed), device, parent);
    }

    /**
     * A network with given weights.
     *
     * @param loss with which the network was trained; it decides how logits become probabilities
     * @param weights under the authors' keys, in the order of values that {@link AuthorsLayout} describes
     * @param parent owner of the weights, until {@link #close}
     * @throws IllegalArgumentException naming the first weight that is missing or has other extents than the config says
     */
    public static CodaNet of(CodaNetConfig config, LossKind loss, NamedTensors weights, Device device, Scope parent) {
        return (CodaNet) Networks.of(config, loss, weights, Optional.empty(), device, parent);
    }

    /**
     * The CoDA-Net of a model file. If the file holds the {@link Preprocessing}, the network accepts only images of its extents.
     *
     * @param parent owner of the weights, until {@link #close}
     * @throws IllegalArgumentException if the file holds another network
     */
    public static CodaNet load(ModelFile file, Device device, Scope parent) {
        file.codaNetConfig();
        return (CodaNet) Networks.load(file, device, parent);
    }

    @Override
    public CodaNetConfig config() {
        return config;
    }

    @Override
    public CodaNet withoutWeights(Device other, Scope parent) {
        return new CodaNet(config, loss(), preprocessing(), other, parent);
    }
}
