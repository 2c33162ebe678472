package org.codanet.gpu.op;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.op.ImageWindow;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link ImageInput} by {@code image_input.cu}. */
public final class CudaImageInput extends CudaOperation implements ImageInput {
    private static final KernelSource SOURCE = CudaResources.source("image_input.cu");

    public CudaImageInput(CudaResources resources, String owner) {
        super(resources, owner, "image input");
    }

    @Override
    public void forward(Tensor images, boolean inverse, Tensor x) {
        CudaResources resources = resources();
        requireRank(images, 4, "images", "(N, C, H, W)");
        Shape shape = images.shape();
        int channels = shape.extent(1);
        int positions = Math.multiplyExact(shape.extent(2), shape.extent(3));
        x.require(
                Shape.of(shape.extent(0), shape.extent(2), shape.extent(3), inverse ? 2 * channels : channels),
                operation(),
                "x");
        long count = (long) shape.extent(0) * positions;
        resources
                .kernel(SOURCE, "image_input")
                .pointer(pointer(x))
                .pointer(pointer(images))
                .int32(positions)
                .int32(channels)
                .flag(inverse)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }

    @Override
    public void forward(ByteTensor images, Tensor placement, boolean inverse, Tensor x) {
        CudaResources resources = resources();
        DevicePointer from = pointer(images.storage());
        DevicePointer places = pointer(placement);
        DevicePointer to = pointer(x);
        ImageWindow window = ImageWindow.of(images, placement, inverse, x);
        long count = (long) window.images() * window.positions();
        resources
                .kernel(SOURCE, "image_bytes")
                .pointer(to)
                .pointer(from)
                .pointer(places)
                .int32(window.storedHeight())
                .int32(window.storedWidth())
                .int32(window.positions())
                .int32(window.width())
                .int32(window.channels())
                .flag(inverse)
                .int64(count)
                .launch(CudaResources.blocks(count), CudaResources.BLOCK);
    }
}
