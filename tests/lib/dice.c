#include "dice.h"

/* SplitMix64 (Steele, Lea and Flood, 2014): every seed is a good one, zero included. */
uint64_t dice_roll(struct dice *dice)
{
	dice->state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t mixed = dice->state;
	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ mixed >> 31;
}

int64_t dice_between(struct dice *dice, int64_t low, int64_t high)
{
	uint64_t span = (uint64_t)high - (uint64_t)low + 1;
	uint64_t rolled = dice_roll(dice);
	return (int64_t)((uint64_t)low + (span == 0 ? rolled : rolled % span));
}

bool dice_one_in(struct dice *dice, unsigned n)
{
	return dice_roll(dice) % n == 0;
}
