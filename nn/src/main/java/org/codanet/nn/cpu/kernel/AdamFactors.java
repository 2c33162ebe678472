package org.codanet.nn.cpu.kernel;

import org.codanet.nn.op.Adam;

/**
 * The values of one Adam update as the inner loop needs them. As in PyTorch, 1 − β is computed in double precision and then rounded. If
 * it were computed from the rounded β, 1 − 0.999 would have a relative error of 1e-5.
 *
 * @param gradientScale factor of every gradient, from clipping
 * @param decay weight decay
 * @param beta1 factor of the old mean
 * @param gain1 1 − β₁, factor of the gradient in the new mean
 * @param beta2 factor of the old variance
 * @param gain2 1 − β₂, factor of the squared gradient in the new variance
 * @param rate learning rate, divided by the bias correction of the mean
 * @param correction factor of √v: one over the root of the variance's bias correction
 * @param epsilon added to the denominator
 */
public record AdamFactors(
        float gradientScale,
        float decay,
        float beta1,
        float gain1,
        float beta2,
        float gain2,
        float rate,
        float correction,
        float epsilon) {
    public static AdamFactors of(Adam.Step step, double gradientScale) {
        double meanBias = 1 - Math.pow(step.beta1(), step.step());
        double varianceBias = 1 - Math.pow(step.beta2(), step.step());
        return new AdamFactors(
                (float) gradientScale,
                (float) step.weightDecay(),
                (float) step.beta1(),
                (float) (1 - step.beta1()),
                (float) step.beta2(),
                (float) (1 - step.beta2()),
                (float) (step.rate() / meanBias),
                (float) (1 / Math.sqrt(varianceBias)),
                (float) step.epsilon());
    }
}
