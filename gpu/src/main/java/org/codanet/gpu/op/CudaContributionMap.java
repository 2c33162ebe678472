package org.codanet.gpu.op;

import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.nn.op.ContributionMap;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** {@link ContributionMap} by {@code contribution_map.cu}. */
public final class CudaContributionMap extends CudaOperation implements ContributionMap {
    private static final KernelSource SOURCE = CudaResources.source("contribution_map.cu");

    public CudaContributionMap(CudaResources resources, String owner) {
        super(resources, owner, "contribution map");
    }

    @Override
    public void forward(Tensor x, Tensor map, Tensor perChannel, Tensor perPosition, Tensor total) {
        CudaResources resources = resources();
        requireRank(x, 4, "x", "(N, H, W, C)");
        requireRank(map, 5, "map", "(N, K, H, W, C)");
        Shape in = x.shape();
        int n = in.extent(0);
        int k = map.shape().extent(1);
        map.require(Shape.of(n, k, in.extent(1), in.extent(2), in.extent(3)), operation(), "map");
        if (perChannel != null) {
            perChannel.require(Shape.of(n, k, in.extent(3), in.extent(1), in.extent(2)), operation(), "perChannel");
        }
        if (perPosition != null) {
            perPosition.require(Shape.of(n, k, in.extent(1), in.extent(2)), operation(), "perPosition");
        }
        if (total != null) {
            total.require(Shape.of(n, k), operation(), "total");
        }
        int pairs = Math.multiplyExact(n, k);
        int positions = in.extent(1) * in.extent(2);
        int runs = (int) CudaResources.blocks(positions);
        DevicePointer parts = resources.workspace((long) Double.BYTES * pairs * runs);
        resources
                .kernel(SOURCE, "contributions")
                .pointer(pointer(perChannel))
                .pointer(pointer(perPosition))
                .pointer(parts)
                .pointer(pointer(x))
                .pointer(pointer(map))
                .int32(k)
                .int32(positions)
                .int32(in.extent(3))
                .launch((long) pairs * runs, CudaResources.BLOCK);
        if (total != null) {
            resources
                    .kernel(SOURCE, "contribution_totals")
                    .pointer(pointer(total))
                    .pointer(parts)
                    .int32(runs)
                    .int32(pairs)
                    .launch(CudaResources.blocks(pairs), CudaResources.BLOCK);
        }
    }
}
