package org.codanet.model;

import java.util.List;
import java.util.Map;
import org.codanet.json.JsonFields;
import org.codanet.nn.op.LossKind;

/** The architecture of a network, as model files record it. */
public sealed interface NetworkConfig permits CodaNetConfig, ResNetConfig {
    /** {@return the number of layers with weights, those of shortcuts not counted} */
    int depth();

    /** {@return the channels of the network's input, inverse channels included} */
    int inChannels();

    /** {@return whether the input is the image v and its inverse 1 - v} */
    boolean addInverse();

    /** {@return the channels of an image without inverse channels: 3 for colour, 1 for greyscale} */
    default int imageChannels() {
        return addInverse() ? inChannels() / 2 : inChannels();
    }

    /** {@return the number of classes, which is the number of logits} */
    int numClasses();

    /** {@return names of the classes in order; empty if the classes have no names} */
    List<String> labels();

    /**
     * {@return the name of a class: its label, or its number if the classes have no names}
     *
     * @throws IndexOutOfBoundsException if there is no such class
     */
    default String label(int classIndex) {
        if (classIndex < 0 || classIndex >= numClasses()) {
            throw new IndexOutOfBoundsException(
                    "network config: class " + classIndex + " was asked for; there are 0 to " + (numClasses() - 1));
        }
        return labels().isEmpty() ? Integer.toString(classIndex) : labels().get(classIndex);
    }

    /** {@return the divisor of the last layer's sum over positions} */
    double temperature();

    /** {@return the constant that is added to every logit} */
    double logitBias();

    /** {@return the loss of networks whose files do not say with which loss they were trained} */
    LossKind usualLoss();

    /**
     * Checks that the network can read images of these extents.
     *
     * @throws IllegalArgumentException if the output of a layer would be empty, naming the layer
     */
    void requireExtents(int height, int width);

    /** {@return the shape of every array in a file, in the order of the files} */
    Map<String, List<Integer>> parameterShapes();

    /** {@return whether an array of a file belongs to the last layer, which depends on the number of classes} */
    boolean isOfLastLayer(String key);

    /** {@return the number of trained weights of the whole network} */
    long parameters();

    /**
     * {@return this config with other class names}
     *
     * @param names one name per class, or an empty list for no names
     */
    NetworkConfig withLabels(List<String> names);

    /** {@return this network with another number of classes, at least 1, which have no names} */
    NetworkConfig withClasses(int count);

    /**
     * {@return this config as that of a CoDA-Net}
     *
     * @throws IllegalArgumentException if the network is another one, for work that needs contributions
     */
    default CodaNetConfig requireCodaNet() {
        if (this instanceof CodaNetConfig coda) {
            return coda;
        }
        throw new IllegalArgumentException(
                "the network is a ResNet, which has no contributions of its own; this needs a"
                        + " CoDA-Net, or a post-hoc method (codanet explain --method NAME)");
    }

    /** {@return this config as an indented JSON object; {@link #fromJson(String)} gives an equal config} */
    String toJson();

    /** {@return this config as JSON on one line} */
    String toCompactJson();

    /**
     * {@return the config that a JSON object describes} With a field {@code architecture} it is a {@link ResNetConfig}, otherwise a {@link
     * CodaNetConfig}.
     *
     * @throws IllegalArgumentException if it is no such object, with one sentence that names the wrong or unknown field
     */
    static NetworkConfig fromJson(String json) {
        return JsonFields.parse(CodaNetConfigJson.SUBJECT, json).has(ResNetConfigJson.ARCHITECTURE)
                ? ResNetConfigJson.read(json)
                : CodaNetConfigJson.read(json);
    }
}
