package org.codanet.model;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** The trained network that comes with this program: colour images of 32 x 32 pixels, the ten classes of CIFAR-10. */
public final class BundledModel {
    /** Its name in results and on pages. */
    public static final String NAME = "XS-CoDA-SQ-30 (CIFAR-10, JPEG copy)";

    private static final String RESOURCE = "cifar10.safetensors";

    private BundledModel() {}

    /**
     * {@return the network, or empty if this build does not contain it}
     *
     * @throws IOException if it is damaged
     */
    public static Optional<ModelFile> read() throws IOException {
        try (InputStream stream = BundledModel.class.getResourceAsStream(RESOURCE)) {
            return stream == null ? Optional.empty() : Optional.of(ModelFile.read(RESOURCE, stream));
        }
    }
}
