/* One pass over subjects, spread over the cores: what a C programmer would write for this one model. */
#include <math.h>
#include <stddef.h>

#define MOST_ACTIONS 64

void simulate(int n_subjects, int n_trials, int n_actions, const float *outcomes, const float *alpha_p,
              const float *alpha_n, const float *temperature, const float *uniforms, float *values,
              float *choice_p, int *choices, float *errors)
{
#pragma omp parallel for schedule(static)
    for (int s = 0; s < n_subjects; s++) {
        float value[MOST_ACTIONS], weight[MOST_ACTIONS];
        const float inverse_temperature = 1.0f / temperature[s];
        for (int a = 0; a < n_actions; a++)
            value[a] = 0.5f;
        for (int t = 0; t < n_trials; t++) {
            const size_t trial = (size_t)s * n_trials + t, row = trial * n_actions;
            float best = value[0], total = 0, end = 0;
            int choice = -1;
            for (int a = 1; a < n_actions; a++)
                best = value[a] > best ? value[a] : best;
            for (int a = 0; a < n_actions; a++) {
                weight[a] = expf((value[a] - best) * inverse_temperature);
                total += weight[a];
            }
            const float point = uniforms[trial] * total, share = 1.0f / total;
            for (int a = 0; a < n_actions; a++) {
                end += weight[a];
                choice = choice < 0 && point < end ? a : choice;
                values[row + a] = value[a];
                choice_p[row + a] = weight[a] * share;
                errors[row + a] = 0;
            }
            choice = choice < 0 ? n_actions - 1 : choice;
            const float error = outcomes[(size_t)t * n_actions + choice] - value[choice];
            errors[row + choice] = error;
            choices[trial] = choice;
            value[choice] += (error > 0 ? alpha_p[s] : alpha_n[s]) * error;
        }
    }
}
