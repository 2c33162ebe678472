package org.codanet.nn.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.codanet.nn.op.Adam;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@link Adam} promises, on every device. */
public abstract class AdamContract extends OperationContract {
    /** One value, a matrix with odd extents, and more values than one piece of work. */
    private static final List<Shape> SHAPES = List.of(Shape.of(1), Shape.of(7, 13), Shape.of(3, 3, 60, 41));

    private static List<Adam.Slot> slots(Workplace place) {
        List<Adam.Slot> slots = new ArrayList<>();
        for (Shape shape : SHAPES) {
            float[] zeros = new float[(int) shape.elements()];
            slots.add(new Adam.Slot(
                    place.variable(shape, Values.uniform(shape.elements(), shape)),
                    place.variable(shape, zeros),
                    place.variable(shape, zeros),
                    place.variable(shape, zeros)));
        }
        return slots;
    }

    private static void gradients(Workplace place, List<Adam.Slot> slots, int step) {
        for (Adam.Slot slot : slots) {
            Shape shape = slot.value().shape();
            place.device().upload(Values.uniform(100 * step + shape.rank(), shape, 0.1 * step), slot.gradient());
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, 0.01", "0.5, 0", "1e6, 0.01"})
    void severalUpdatesAgreeWithTheReference(double maxNorm, double weightDecay) {
        try (Workplace place = place();
                Workplace reference = reference()) {
            List<Adam.Slot> own = slots(place);
            List<Adam.Slot> truth = slots(reference);
            Adam adam = place.device().adam(place.scope());
            Adam exact = reference.device().adam(reference.scope());
            Tensor norm = place.output(Shape.of(1));
            Tensor exactNorm = reference.output(Shape.of(1));
            for (int t = 1; t <= 4; t++) {
                Adam.Step step = new Adam.Step(0.01, 0.9, 0.999, 1e-8, weightDecay, t, maxNorm);
                gradients(place, own, t);
                gradients(reference, truth, t);
                adam.step(own, step, norm);
                exact.step(truth, step, exactNorm);
                assertClose("norm at step " + t, reference.read(exactNorm), place.read(norm));
            }
            for (int i = 0; i < SHAPES.size(); i++) {
                assertClose(
                        "value " + i,
                        reference.read(truth.get(i).value()),
                        place.read(own.get(i).value()));
                assertClose(
                        "mean " + i,
                        reference.read(truth.get(i).mean()),
                        place.read(own.get(i).mean()));
                assertClose(
                        "variance " + i,
                        reference.read(truth.get(i).variance()),
                        place.read(own.get(i).variance()));
            }
        }
    }

    /** The first update changes every value by the learning rate, against the sign of its gradient, because m̂ / √v̂ is ±1. */
    @Test
    void theFirstUpdateMovesByTheRate() {
        try (Workplace place = place()) {
            Tensor value = place.variable(Shape.of(3), new float[] {1, 1, 1});
            Tensor gradient = place.variable(Shape.of(3), new float[] {0.5f, -20, 0});
            Tensor mean = place.variable(Shape.of(3), new float[3]);
            Tensor variance = place.variable(Shape.of(3), new float[3]);
            place.device()
                    .adam(place.scope())
                    .step(
                            List.of(new Adam.Slot(value, gradient, mean, variance)),
                            new Adam.Step(0.125, 0.9, 0.999, 1e-8, 0, 1, 0),
                            null);
            Close.within("value", new float[] {0.875f, 1.125f, 1}, place.read(value), 1e-6);
            assertArrayEquals(new float[3], place.read(gradient), "gradients are cleared");
            Close.to("mean", new float[] {0.05f, -2, 0}, place.read(mean), 1e-6);
            Close.to("variance", new float[] {0.00025f, 0.4f, 0}, place.read(variance), 1e-6);
        }
    }

    @Test
    void clippingBoundsAllGradientsTogether() {
        try (Workplace place = place()) {
            List<Adam.Slot> slots = new ArrayList<>();
            for (float g : new float[] {3, 4}) {
                slots.add(new Adam.Slot(
                        place.variable(Shape.of(1), new float[1]),
                        place.variable(Shape.of(1), new float[] {g}),
                        place.variable(Shape.of(1), new float[1]),
                        place.variable(Shape.of(1), new float[1])));
            }
            Tensor norm = place.output(Shape.of(1));
            place.device().adam(place.scope()).step(slots, new Adam.Step(0.1, 0.9, 0.999, 1e-8, 0, 1, 1), norm);
            assertEquals(5, place.read(norm)[0], 1e-5, "before clipping");
            // The gradients 3/5 and 4/5 enter the mean with a factor of 1/10.
            assertEquals(0.06, place.read(slots.get(0).mean())[0], 1e-6);
            assertEquals(0.08, place.read(slots.get(1).mean())[0], 1e-6);
        }
    }

    @Test
    void sameInputGivesSameBits() {
        float[][] results = new float[2][];
        for (int i = 0; i < 2; i++) {
            try (Workplace place = place()) {
                List<Adam.Slot> slots = slots(place);
                gradients(place, slots, 1);
                place.device().adam(place.scope()).step(slots, new Adam.Step(0.01, 0.9, 0.999, 1e-8, 0, 1, 1), null);
                results[i] = place.read(slots.getLast().value());
            }
        }
        assertArrayEquals(results[0], results[1]);
    }

    /** An update uses the numbers that were set last, no matter how long ago. */
    @Test
    void updatesUseTheValuesThatWereSetLast() {
        float[][] results = new float[2][];
        for (int i = 0; i < 2; i++) {
            try (Workplace place = place()) {
                List<Adam.Slot> slots = slots(place);
                Adam adam = place.device().adam(place.scope());
                assertThrows(IllegalStateException.class, () -> adam.step(slots, null));
                for (int t = 1; t <= 3; t++) {
                    Adam.Step step = new Adam.Step(0.01 * t, 0.9, 0.999, 1e-8, 0.01, t, t == 2 ? 0 : 0.5);
                    gradients(place, slots, t);
                    if (i == 0) {
                        adam.step(slots, step, null);
                    } else {
                        adam.next(step);
                        adam.step(slots, null);
                    }
                }
                results[i] = place.read(slots.getLast().value());
            }
        }
        assertArrayEquals(results[0], results[1]);
    }

    @Test
    void refusesTensorsOfDifferentShapes() {
        try (Workplace place = place()) {
            Tensor three = place.variable(Shape.of(3), new float[3]);
            Tensor two = place.variable(Shape.of(2), new float[2]);
            Adam adam = place.device().adam(place.scope());
            Adam.Step step = new Adam.Step(0.1, 0.9, 0.999, 1e-8, 0, 1, 0);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> adam.step(List.of(new Adam.Slot(three, two, three, three)), step, null));
            assertThrows(IllegalArgumentException.class, () -> adam.step(List.of(), step, two));
        }
    }
}
