package org.codanet.recipe;

/** The learning rate as a function of time. Epochs and steps are counted from 0. */
public sealed interface LearningRate {
    /**
     * {@return the rate of one optimiser step}
     *
     * @param epoch the epoch, from 0
     * @param step the optimiser steps done in the whole run before this one
     * @param stepsPerEpoch optimiser steps of one epoch, at least 1
     */
    double at(int epoch, long step, long stepsPerEpoch);

    /** {@return this schedule for a run of another length; the same object if the schedule does not depend on the length} */
    LearningRate forEpochs(int epochs);

    /**
     * {@return this schedule with another lowest rate}
     *
     * @param lowest not negative
     * @throws IllegalArgumentException if this kind of schedule has no lowest rate, or {@code lowest} is out of range
     */
    LearningRate withFloor(double lowest);

    /**
     * A constant rate.
     *
     * @param rate above 0
     */
    record Constant(double rate) implements LearningRate {
        /** Checks the rate. */
        public Constant {
            positive("rate", rate);
        }

        @Override
        public double at(int epoch, long step, long stepsPerEpoch) {
            return rate;
        }

        @Override
        public LearningRate forEpochs(int epochs) {
            return this;
        }

        @Override
        public LearningRate withFloor(double lowest) {
            throw noFloor("constant");
        }
    }

    /**
     * A rate that is divided by the same factor at regular intervals: {@code max(floor, rate / factor^(epoch div every))}. This is {@code
     * simple_decay} of the authors' code, where the floor is called {@code min_lr}.
     *
     * @param rate of the first epochs, above 0
     * @param factor the divisor, above 0
     * @param every epochs between divisions, at least 1
     * @param floor lowest rate, 0 for none
     */
    record StepDecay(double rate, double factor, int every, double floor) implements LearningRate {
        /** Checks the numbers. */
        public StepDecay {
            positive("rate", rate);
            positive("factor", factor);
            atLeast(1, "every", every);
            if (!(floor >= 0 && Double.isFinite(floor))) {
                throw new IllegalArgumentException("learning rate: floor is " + floor + ", it must not be negative");
            }
        }

        /** A decay without a floor. */
        public StepDecay(double rate, double factor, int every) {
            this(rate, factor, every, 0);
        }

        @Override
        public double at(int epoch, long step, long stepsPerEpoch) {
            return Math.max(floor, rate / Math.pow(factor, epoch / every));
        }

        @Override
        public LearningRate forEpochs(int epochs) {
            return this;
        }

        @Override
        public LearningRate withFloor(double lowest) {
            return new StepDecay(rate, factor, every, lowest);
        }
    }

    /**
     * The authors' schedule for ImageNet: evenly spaced rates from {@code from} to {@code peak} over the first
     * {@code warmUpEpochs} epochs, the peak in the last of them, then {@code peak / 2^(epoch div halveEvery)}.
     *
     * @param from rate of the first epoch, above 0
     * @param peak largest rate, above 0
     * @param warmUpEpochs epochs of the rise, at least 2
     * @param halveEvery epochs between halvings, counted from the run's start, at least 1
     */
    record WarmUpThenHalve(double from, double peak, int warmUpEpochs, int halveEvery) implements LearningRate {
        /** Checks the numbers. */
        public WarmUpThenHalve {
            positive("from", from);
            positive("peak", peak);
            atLeast(2, "warm_up_epochs", warmUpEpochs);
            atLeast(1, "halve_every", halveEvery);
        }

        @Override
        public double at(int epoch, long step, long stepsPerEpoch) {
            if (epoch < warmUpEpochs) {
                return from + (peak - from) * epoch / (warmUpEpochs - 1);
            }
            return Math.scalb(peak, -(epoch / halveEvery));
        }

        @Override
        public LearningRate forEpochs(int epochs) {
            return this;
        }

        @Override
        public LearningRate withFloor(double lowest) {
            throw noFloor("warm_up_then_halve");
        }
    }

    /**
     * A linear rise to the peak and half a cosine down to the floor, changing with every step.
     *
     * @param peak largest rate, above 0
     * @param floor rate at the end, not negative
     * @param warmUpEpochs length of the linear rise in epochs; may be a fraction or 0
     * @param epochs length of the run
     */
    record Cosine(double peak, double floor, double warmUpEpochs, int epochs) implements LearningRate {
        /** Checks the numbers. */
        public Cosine {
            positive("peak", peak);
            atLeast(1, "epochs", epochs);
            if (!(floor >= 0 && floor <= peak)) {
                throw new IllegalArgumentException("learning rate: floor " + floor + " is not between 0 and " + peak);
            }
            if (!(warmUpEpochs >= 0 && warmUpEpochs < epochs)) {
                throw new IllegalArgumentException(
                        "learning rate: warm-up of " + warmUpEpochs + " epochs in a run of " + epochs);
            }
        }

        @Override
        public double at(int epoch, long step, long stepsPerEpoch) {
            double time = (double) step / stepsPerEpoch;
            if (time < warmUpEpochs) {
                // The rate of the first step is above 0, and the rate of the last step of the rise is below the peak.
                return peak * (step + 1) / (warmUpEpochs * stepsPerEpoch + 1);
            }
            double done = Math.min(1, (time - warmUpEpochs) / (epochs - warmUpEpochs));
            return floor + (peak - floor) * 0.5 * (1 + Math.cos(Math.PI * done));
        }

        /** The warm-up remains the same share of the run. */
        @Override
        public LearningRate forEpochs(int newEpochs) {
            return newEpochs == epochs ? this : new Cosine(peak, floor, warmUpEpochs * newEpochs / epochs, newEpochs);
        }

        @Override
        public LearningRate withFloor(double lowest) {
            return new Cosine(peak, lowest, warmUpEpochs, epochs);
        }
    }

    private static IllegalArgumentException noFloor(String kind) {
        return new IllegalArgumentException(
                "learning rate: the schedule " + kind + " has no lowest rate; steps and cosine have one");
    }

    private static void positive(String name, double value) {
        if (!(value > 0 && Double.isFinite(value))) {
            throw new IllegalArgumentException("learning rate: " + name + " is " + value + ", it must be above 0");
        }
    }

    private static void atLeast(int least, String name, int value) {
        if (value < least) {
            throw new IllegalArgumentException(
                    "learning rate: " + name + " is " + value + ", it must be at least " + least);
        }
    }
}
