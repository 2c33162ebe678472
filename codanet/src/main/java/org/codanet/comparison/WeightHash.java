package org.codanet.comparison;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;

/** Identifies a network by its weights, independently of the file that they come from. */
public final class WeightHash {
    private WeightHash() {}

    /** {@return the SHA-256 of names, extents and values, in hexadecimal} */
    public static String of(NamedTensors weights) {
        MessageDigest digest = sha256();
        for (Map.Entry<String, TensorData> entry : weights.tensors().entrySet()) {
            TensorData tensor = entry.getValue();
            digest.update((entry.getKey() + tensor.shape()).getBytes(StandardCharsets.UTF_8));
            float[] values = tensor.toFloats();
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
            bytes.asFloatBuffer().put(values);
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
