package org.codanet.nn.counting;

import java.util.List;
import org.codanet.nn.op.Adam;
import org.codanet.nn.op.BatchNorm;
import org.codanet.nn.op.BatchNormShape;
import org.codanet.nn.op.Convolution;
import org.codanet.nn.op.ConvolutionShape;
import org.codanet.nn.op.Elementwise;
import org.codanet.nn.op.ImageInput;
import org.codanet.nn.op.Loss;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.MaxPool;
import org.codanet.nn.op.MaxPoolShape;
import org.codanet.nn.op.Relu;
import org.codanet.nn.op.ReluRule;
import org.codanet.nn.op.SumPool;
import org.codanet.nn.tensor.ByteTensor;
import org.codanet.nn.tensor.Tensor;

/** The operations that hold nothing worth counting: they accept every call and do nothing. */
final class CountingOperations {
    private CountingOperations() {}

    record CountingConvolution(ConvolutionShape shape) implements Convolution {
        @Override
        public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {}

        @Override
        public void backwardData(Tensor dOut, Tensor w, Tensor dIn) {}

        @Override
        public void backwardWeights(Tensor x, Tensor dOut, Tensor dW, Tensor dBias) {}
    }

    record CountingLoss(LossKind kind) implements Loss {
        @Override
        public void forward(
                Tensor logits, Tensor labels, Tensor weights, double gradientScale, Tensor loss, Tensor dLogits) {}
    }

    record CountingBatchNorm(BatchNormShape shape) implements BatchNorm {
        @Override
        public void forward(Tensor x, Weights weights, Statistics running, Tensor y) {}

        @Override
        public void backProject(Tensor dOut, Weights weights, Statistics running, Tensor dIn) {}

        @Override
        public void train(Tensor x, Weights weights, Statistics running, Tensor saved, Tensor y) {}

        @Override
        public void backward(Tensor x, Tensor dOut, Weights weights, Tensor saved, Weights gradients, Tensor dIn) {}
    }

    record CountingRelu() implements Relu {
        @Override
        public void forward(Tensor x, Tensor y) {}

        @Override
        public void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn) {}
    }

    record CountingMaxPool(MaxPoolShape shape) implements MaxPool {
        @Override
        public void forward(Tensor x, Tensor y) {}

        @Override
        public void backward(ReluRule rule, Tensor x, Tensor baseline, Tensor dOut, Tensor dIn) {}
    }

    record CountingSumPool() implements SumPool {
        @Override
        public void forward(Tensor z, double temperature, double bias, Tensor logits) {}

        @Override
        public void backward(Tensor dLogits, double temperature, Tensor dZ) {}

        @Override
        public void seed(Tensor targets, int first, double temperature, Tensor seeds) {}

        @Override
        public void highest(Tensor logits, Tensor channels) {}
    }

    record CountingAdam() implements Adam {
        @Override
        public void next(Step step) {}

        @Override
        public void step(List<Slot> slots, Tensor norm) {}
    }

    record CountingImageInput() implements ImageInput {
        @Override
        public void forward(Tensor images, boolean inverse, Tensor x) {}

        @Override
        public void forward(ByteTensor images, Tensor placement, boolean inverse, Tensor x) {}
    }

    record CountingElementwise() implements Elementwise {
        @Override
        public void fill(Tensor t, float value) {}

        @Override
        public void copy(Tensor source, Tensor destination) {}

        @Override
        public void add(Tensor source, float factor, Tensor destination) {}

        @Override
        public void sign(Tensor source, float factor, Tensor destination) {}

        @Override
        public void absoluteSum(Tensor t, Tensor out) {}

        /** True: there are no values. */
        @Override
        public boolean allFinite(Tensor t) {
            return true;
        }
    }
}
