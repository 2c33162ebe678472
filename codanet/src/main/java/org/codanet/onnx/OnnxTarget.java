package org.codanet.onnx;

/** The logits that an exported graph explains. */
public enum OnnxTarget {
    /** The highest logit of each image: {@code contributions} is (N, 1, H, W), {@code classes} (N, 1) holds the class. */
    PREDICTED,

    /** Every logit: {@code contributions} is (N, K, H, W). Takes K times the memory of {@link #PREDICTED}. */
    ALL
}
