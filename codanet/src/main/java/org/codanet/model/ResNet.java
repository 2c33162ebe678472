package org.codanet.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.nn.device.Device;
import org.codanet.nn.layer.AveragePoolLayer;
import org.codanet.nn.layer.BatchNormLayer;
import org.codanet.nn.layer.ConvolutionLayer;
import org.codanet.nn.layer.Layer;
import org.codanet.nn.layer.MaxPoolLayer;
import org.codanet.nn.layer.NormaliseLayer;
import org.codanet.nn.layer.PaddedShortcut;
import org.codanet.nn.layer.ReluLayer;
import org.codanet.nn.layer.ResidualBlock;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.tensor.Scope;

/**
 * An ordinary residual network, the baseline of comparisons: normalisation of the input, a convolution, residual blocks, average pooling
 * and a linear layer. Its logits are not sums of contributions; post-hoc methods explain it.
 *
 * <p>Weights have the keys and the layout of the files that they come from, see {@link ResNetConfig.Family}.
 */
public final class ResNet extends Network {
    private final ResNetConfig config;

    ResNet(ResNetConfig config, LossKind loss, Optional<Preprocessing> preprocessing, Device device, Scope parent) {
        super(config, loss, preprocessing, device, parent, (on, scope) -> new Builder(config, on, scope).layers());
        this.config = config;
    }

    /** Creates the layers. Their names are the prefixes of the keys of their weights. */
    private record Builder(ResNetConfig config, Device device, Scope scope) {
        List<Layer> layers() {
            List<Layer> layers = new ArrayList<>();
            layers.add(new NormaliseLayer("normalise", device, scope, config.mean(), config.deviation()));
            layers.addAll(normalised(config.stem()));
            layers.add(new ReluLayer("relu", device, scope));
            if (config.family() == ResNetConfig.Family.IMAGENET) {
                layers.add(new MaxPoolLayer("maxpool", device, scope, new MaxPoolShape(3, 2, 1)));
            }
            config.residualBlocks().forEach(block -> layers.add(residual(block)));
            layers.add(new AveragePoolLayer("avgpool", device, scope));
            layers.add(new ConvolutionLayer(
                    config.head(),
                    device,
                    scope,
                    new ConvolutionShape(config.features(), config.numClasses(), 1, 1, 0, true)));
            return layers;
        }

        private List<Layer> normalised(ResNetConfig.Convolution convolution) {
            ConvolutionShape shape = new ConvolutionShape(
                    convolution.inChannels(),
                    convolution.outChannels(),
                    convolution.kernel(),
                    convolution.stride(),
                    convolution.padding(),
                    false);
            return List.of(
                    new ConvolutionLayer(convolution.name(), device, scope, shape),
                    new BatchNormLayer(
                            convolution.norm(), device, scope, new BatchNormShape(convolution.outChannels())));
        }

        private Layer residual(ResNetConfig.Block block) {
            List<Layer> body = new ArrayList<>();
            for (ResNetConfig.Convolution convolution : block.body()) {
                if (!body.isEmpty()) {
                    body.add(new ReluLayer(convolution.name() + ".relu", device, scope));
                }
                body.addAll(normalised(convolution));
            }
            return new ResidualBlock(block.name(), device, scope, body, shortcut(block));
        }

        private List<Layer> shortcut(ResNetConfig.Block block) {
            if (block.projection().isPresent()) {
                return normalised(block.projection().get());
            }
            return block.keepsShape()
                    ? List.of()
                    : List.of(new PaddedShortcut(
                            block.name() + ".shortcut",
                            device,
                            scope,
                            block.inChannels(),
                            block.outChannels(),
                            block.stride()));
        }
    }

    @Override
    public ResNetConfig config() {
        return config;
    }

    @Override
    public ResNet withoutWeights(Device other, Scope parent) {
        return new ResNet(config, loss(), preprocessing(), other, parent);
    }
}
