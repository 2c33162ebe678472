package org.codanet.nn.cpu.kernel;

import org.codanet.nn.op.Adam;

/**
 * The numbers of one step of Adam as its inner loop needs them. One minus each beta is rounded from the double, as PyTorch
 * does: taken from the rounded beta, 1 − 0.999 would be off by 1e-5 of itself.
 *
 * @param gradientScale what clipping multiplies every gradient by
 * @param decay weight decay
 * @param beta1 share of the old mean
 * @param gain1 share of the gradient in the new mean
 * @param beta2 share of the old variance
 * @param gain2 share of the squared gradient in the new variance
 * @param rate learning rate over the bias correction of the mean
 * @param correction factor on √v: one over the root of the variance's bias correction
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
