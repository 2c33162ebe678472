package org.codanet.nn.cpu;

import java.util.stream.IntStream;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.op.DynamicAlignmentShape;
import org.codanet.nn.op.Norm;
import org.codanet.nn.op.Purpose;
import org.codanet.nn.reference.ReferenceDevice;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.testing.AlignmentRun;
import org.codanet.nn.testing.Close;
import org.codanet.nn.testing.DynamicAlignmentContract;
import org.codanet.nn.testing.Values;
import org.codanet.nn.testing.Workplace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class CpuDynamicAlignmentTest extends DynamicAlignmentContract {
    @Override
    protected Device open() {
        return new CpuDevice(DeviceOptions.defaults());
    }

    static IntStream seeds() {
        return IntStream.range(0, 60);
    }

    /**
     * A patch of two or three values with a rank far above: somewhere among the positions a dynamic weight is a hundredth of its
     * terms and less, and the layer divides by its norm. Summed in float32, the form leaves errors up to 2e-4 here.
     */
    @ParameterizedTest
    @MethodSource("seeds")
    void normsThatCancelKeepTheirDigits(int seed) {
        Norm norm = seed % 2 == 0 ? Norm.L2 : Norm.WB;
        int channels = 2 + seed % 3 / 2;
        DynamicAlignmentShape shape =
                new DynamicAlignmentShape(channels, 4, 5 + seed, 1, 1, 0, norm, norm == Norm.L2 && seed % 4 == 0);
        AlignmentRun.Data data = AlignmentRun.Data.random(shape, Shape.of(2, 6, 5, channels), 100L * seed);
        float[] upper = Values.uniform(seed, AlignmentRun.many(data.out(), 1));
        try (Workplace place = new Workplace(open());
                Workplace reference = new Workplace(new ReferenceDevice(DeviceOptions.defaults()))) {
            AlignmentRun expected = new AlignmentRun(reference, data, Purpose.EXPLANATION);
            AlignmentRun actual = new AlignmentRun(place, data, Purpose.EXPLANATION);
            Close.to("y", expected.y(), actual.y(), 1e-5);
            Close.to("back-projection", expected.backProject(1, upper), actual.backProject(1, upper), 1e-5);
        }
    }
}
