package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.codanet.nn.op.ContributionMap;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link ContributionMap} promises, on every device. */
public abstract class ContributionMapContract extends OperationContract {
    static Stream<Shape> maps() {
        return Stream.of(
                Shape.of(1, 1, 1, 1, 1), // smallest
                Shape.of(2, 3, 5, 7, 6), // images, targets, odd extents
                Shape.of(1, 10, 32, 32, 6), // all classes of a CIFAR-10 image
                Shape.of(1, 2, 67, 33, 2)); // grey, more positions than one piece of work
    }

    private static Shape input(Shape map) {
        return Shape.of(map.extent(0), map.extent(2), map.extent(3), map.extent(4));
    }

    private record Result(float[] perChannel, float[] perPosition, float[] total) {}

    private static Result run(Workplace place, Shape map, boolean[] wanted) {
        Tensor perChannel =
                place.output(Shape.of(map.extent(0), map.extent(1), map.extent(4), map.extent(2), map.extent(3)));
        Tensor perPosition = place.output(Shape.of(map.extent(0), map.extent(1), map.extent(2), map.extent(3)));
        Tensor total = place.output(Shape.of(map.extent(0), map.extent(1)));
        place.device()
                .contributionMap(place.scope())
                .forward(
                        place.input(input(map), Values.uniform(1, input(map))),
                        place.input(map, Values.uniform(2, map)),
                        wanted[0] ? perChannel : null,
                        wanted[1] ? perPosition : null,
                        wanted[2] ? total : null);
        return new Result(place.read(perChannel), place.read(perPosition), place.read(total));
    }

    @ParameterizedTest
    @MethodSource("maps")
    void allThreeOutputsAgreeWithTheReference(Shape map) {
        boolean[] all = {true, true, true};
        try (Workplace place = place();
                Workplace reference = reference()) {
            Result expected = run(reference, map, all);
            Result actual = run(place, map, all);
            assertClose("per channel", expected.perChannel(), actual.perChannel());
            assertClose("per position", expected.perPosition(), actual.perPosition());
            // float32 products are summed in double precision. The error is larger than the rounding of the result only
            // where terms cancel.
            Close.within("total", expected.total(), actual.total(), 1e-6 * map.elements() / map.extent(1));
        }
    }

    @ParameterizedTest
    @MethodSource("maps")
    void eachOutputMayBeLeftOut(Shape map) {
        try (Workplace place = place()) {
            Result all = run(place, map, new boolean[] {true, true, true});
            assertClose(
                    "alone",
                    all.perChannel(),
                    run(place, map, new boolean[] {true, false, false}).perChannel());
            assertClose(
                    "alone",
                    all.perPosition(),
                    run(place, map, new boolean[] {false, true, false}).perPosition());
            assertClose(
                    "alone",
                    all.total(),
                    run(place, map, new boolean[] {false, false, true}).total());
        }
    }

    @Test
    void aMapOfAnotherInputIsRefused() {
        try (Workplace place = place()) {
            ContributionMap operation = place.device().contributionMap(place.scope());
            Tensor x = place.variable(Shape.of(1, 2, 2, 3), new float[12]);
            Tensor map = place.variable(Shape.of(1, 1, 2, 2, 4), new float[16]);
            Tensor total = place.variable(Shape.of(1, 1), new float[1]);
            assertThrows(IllegalArgumentException.class, () -> operation.forward(x, map, null, null, total));
        }
    }
}
