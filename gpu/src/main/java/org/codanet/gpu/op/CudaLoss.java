package org.codanet.gpu.op;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/**
 * {@link Loss} by {@code loss.cu}. Labels that were uploaded are checked on the host. Other labels are not checked there, because the
 * host would have to wait for the device in every step. If one of them is not a class, the loss is NaN.
 */
public final class CudaLoss extends CudaOperation implements Loss {
    private static final KernelSource SOURCE = CudaResources.source("loss.cu");

    private final LossKind kind;

    public CudaLoss(CudaResources resources, String owner, LossKind kind) {
        super(resources, owner, "loss " + kind);
        this.kind = kind;
    }

    @Override
    public LossKind kind() {
        return kind;
    }

    @Override
    public void forward(
            Tensor logits, Tensor labels, Tensor weights, double gradientScale, Tensor loss, Tensor dLogits) {
        CudaResources resources = resources();
        requireRank(logits, 2, "logits", "(N, K)");
        int images = logits.shape().extent(0);
        int classes = logits.shape().extent(1);
        labels.require(Shape.of(images), operation(), "labels");
        if (weights != null) {
            weights.require(labels.shape(), operation(), "weights");
        }
        loss.require(Shape.of(1), operation(), "loss");
        dLogits.require(logits.shape(), operation(), "dLogits");
        requireClasses(CudaTensor.uploaded(resources, labels), classes);
        double count = kind == LossKind.BCE ? logits.shape().elements() : images;
        DevicePointer parts = resources.workspace((long) Double.BYTES * images);
        Kernel rows = resources.kernel(SOURCE, kind == LossKind.BCE ? "bce_rows" : "ce_rows");
        rows.pointer(parts)
                .pointer(pointer(dLogits))
                .pointer(pointer(logits))
                .pointer(pointer(labels))
                .pointer(pointer(weights))
                .int32(classes)
                .float64(gradientScale / count)
                .launch(images, KernelSource.WARP_SIZE);
        resources
                .kernel(SOURCE, "loss_mean")
                .pointer(pointer(loss))
                .pointer(parts)
                .int32(images)
                .float64(count)
                .launch(1, CudaResources.BLOCK);
    }

    private void requireClasses(float[] labels, int classes) {
        for (int n = 0; labels != null && n < labels.length; n++) {
            int label = (int) labels[n];
            if (label != labels[n] || label < 0 || label >= classes) {
                throw new IllegalArgumentException(operation() + ": label " + labels[n] + " of image " + n
                        + " is none of the " + classes + " classes, 0 to " + (classes - 1));
            }
        }
    }
}
